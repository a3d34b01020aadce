import { type Comparison, median, quantile } from './samples.ts';

const WIDTH = 760;
const LEFT = 210;
const ROW = 34;
const PANEL_GAP = 46;
const COLOURS = ['#4c78a8', '#f58518'] as const;

const escapeXml = (text: string) => text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
const round = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function text(x: number, y: number, content: string, extra = ''): string {
  return `<text x="${x}" y="${y}" ${extra}>${escapeXml(content)}</text>`;
}

function panel(comparison: Comparison, top: number): string {
  const all = comparison.series.flatMap(({ samples }) => samples);
  const max = Math.max(...all) * 1.08;
  const x = (value: number) => LEFT + (value / max) * (WIDTH - LEFT - 130);
  const rows = comparison.series.map(({ label, samples }, index) => {
    const y = top + 28 + index * ROW;
    const colour = COLOURS[index];
    const dots = samples.map(
      (value) => `<circle cx="${x(value).toFixed(1)}" cy="${y}" r="4" fill="${colour}" fill-opacity="0.45"/>`,
    );
    const middle = x(median(samples)).toFixed(1);
    const spread = `p50 ${round(median(samples))}, p90 ${round(quantile(samples, 0.9))} ${comparison.unit}`;
    return [
      text(LEFT - 12, y + 4, label, 'text-anchor="end"'),
      ...dots,
      `<line x1="${middle}" x2="${middle}" y1="${y - 11}" y2="${y + 11}" stroke="${colour}" ` +
        `stroke-width="2.5"/>`,
      text(WIDTH - 8, y + 4, spread, 'text-anchor="end" fill="#666"'),
    ].join('\n');
  });
  const aim = comparison.aim ? ` (aim: ${comparison.aim})` : '';
  const title = text(8, top, comparison.title + aim, 'font-weight="600"');
  const bottom = top + 28 + ROW * 1.5;
  const axis = `<line x1="${LEFT}" x2="${LEFT}" y1="${top + 10}" y2="${bottom}" stroke="#bbb"/>`;
  return [title, axis, ...rows].join('\n');
}

/** Draws every sample of every comparison as a dot, and the medians as bars. The axes begin at zero. */
export function stripPlot(heading: string, comparisons: readonly Comparison[]): string {
  const height = 50 + comparisons.length * (2 * ROW + PANEL_GAP);
  const panels = comparisons.map((comparison, index) =>
    panel(comparison, 66 + index * (2 * ROW + PANEL_GAP)),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
      `font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    text(8, 26, heading, 'font-size="16" font-weight="700"'),
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}
