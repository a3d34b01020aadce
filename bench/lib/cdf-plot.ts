import { quantile } from './samples.ts';

/** A panel with several distributions on a common axis. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly { readonly label: string; readonly samples: readonly number[] }[];
}

const WIDTH = 250;
const HEIGHT = 150;
const LEFT = 34;
const TOP = 34;
const GAP = 26;
const COLOURS = ['#4c78a8', '#f58518'];
/** The number of steps of a curve. More would not be visible. */
const STEPS = 200;

const escapeXml = (text: string) => text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
const round = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));
const text = (x: number, y: number, content: string, extra = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${extra}>${escapeXml(content)}</text>`;

function curve(samples: readonly number[], x: (value: number) => number, y: (q: number) => number): string {
  const sorted = [...samples].sort((a, b) => a - b);
  const points = Array.from({ length: STEPS + 1 }, (_, step) => {
    const q = step / STEPS;
    const value = sorted[Math.round((sorted.length - 1) * q)] ?? 0;
    return `${x(value).toFixed(1)},${y(q).toFixed(1)}`;
  });
  return points.join(' ');
}

function panel({ title, unit, series }: Panel, left: number, top: number): string {
  const filled = series.filter(({ samples }) => samples.length > 0);
  // The axis ends at the 99th percentile, because a few outliers would flatten the curves.
  const low = Math.min(...filled.map(({ samples }) => Math.min(...samples)));
  const high = Math.max(...filled.map(({ samples }) => quantile(samples, 0.99)));
  const [right, bottom] = [left + WIDTH, top + HEIGHT];
  const x = (value: number) => left + LEFT + Math.min(1, (value - low) / (high - low || 1)) * (WIDTH - LEFT);
  const y = (q: number) => bottom - q * (HEIGHT - TOP);
  const grid = [0, 0.5, 1].map(
    (q) =>
      `<line x1="${left + LEFT}" x2="${right}" y1="${y(q)}" y2="${y(q)}" ` +
      `stroke="#ddd"/>${text(left + LEFT - 6, y(q) + 4, String(q), 'text-anchor="end" fill="#666"')}`,
  );
  const lines = series.map(({ label, samples }, at) => {
    if (samples.length === 0) return '';
    const median = `${label} p50 ${round(quantile(samples, 0.5))}`;
    const colour = COLOURS[at];
    const points = curve(samples, x, y);
    const line = `<polyline fill="none" stroke="${colour}" stroke-width="1.6" points="${points}"/>`;
    return line + text(right, top + TOP + 14 + at * 14, median, `text-anchor="end" fill="${colour}"`);
  });
  const ends = [
    text(left + LEFT, bottom + 14, `${round(low)}`, 'fill="#666"'),
    text(right, bottom + 14, `${round(high)} ${unit}`, 'text-anchor="end" fill="#666"'),
  ];
  return [text(left + LEFT, top + 24, title, 'font-weight="600"'), ...grid, ...lines, ...ends].join('\n');
}

/** Draws cumulative distributions as small multiples, with a row of panels for each of `rows`. */
export function cdfPlot(heading: string, rows: readonly (readonly Panel[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const width = GAP + columns * (WIDTH + GAP);
  const height = 60 + rows.length * (HEIGHT + GAP + 10);
  const panels = rows.flatMap((row, down) =>
    row.map((each, across) => panel(each, GAP + across * (WIDTH + GAP), 40 + down * (HEIGHT + GAP + 10))),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    text(GAP, 28, heading, 'font-size="16" font-weight="700"'),
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}
