import { quantile } from '../samples.ts';
import type { Run } from './measure.ts';

const WIDTH = 760;
const PANEL = 170;
const LEFT = 90;
const COLOUR = '#4c78a8';

interface Figure {
  readonly title: string;
  readonly unit: string;
  readonly aim?: number;
  readonly of: (run: Run) => number;
}

const figures: readonly Figure[] = [
  { title: 'joins a second', unit: '', of: ({ nodes, joining }) => (nodes / joining) * 1000 },
  { title: 'until the last node saw the last join', unit: 'ms', of: ({ lastSeen }) => quantile(lastSeen, 1) },
  { title: 'CPU of the seed for one join', unit: 'us', of: ({ joinCpu, nodes }) => joinCpu / nodes },
  {
    title: 'memory of the seed for one node',
    unit: 'KB',
    aim: 32,
    of: ({ memoryPerNode }) => memoryPerNode / 1024,
  },
  { title: 'heartbeats, of a core', unit: '%', aim: 25, of: ({ idleCore }) => idleCore * 100 },
];

const label = (x: number, y: number, content: string, extra = '') =>
  `<text x="${x}" y="${y}" ${extra}>${content}</text>`;

function panel({ title, unit, aim, of }: Figure, runs: readonly Run[], top: number): string {
  const most = Math.max(...runs.map(({ nodes }) => nodes));
  const points = runs.map((run) => ({ nodes: run.nodes, value: of(run) }));
  const max = Math.max(...points.map(({ value }) => value), aim ?? 0) * 1.1;
  const x = (nodes: number) => LEFT + (nodes / most) * (WIDTH - LEFT - 110);
  const y = (value: number) => top + PANEL - 40 - (value / max) * (PANEL - 70);
  const dots = points.map(
    ({ nodes, value }) =>
      `<circle cx="${x(nodes).toFixed(1)}" cy="${y(value).toFixed(1)}" r="4" ` +
      `fill="${COLOUR}"/>` +
      label(x(nodes) + 8, y(value) + 4, `${value.toPrecision(3)} ${unit}`, 'fill="#444"'),
  );
  const corners = points.map(({ nodes, value }) => `${x(nodes).toFixed(1)},${y(value).toFixed(1)}`);
  const line = `<polyline fill="none" stroke="${COLOUR}" points="${corners.join(' ')}"/>`;
  const axis = `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(0)}" y2="${y(0)}" stroke="#bbb"/>`;
  const ticks = points.map(({ nodes }) =>
    label(x(nodes), y(0) + 16, String(nodes), 'text-anchor="middle" fill="#666"'),
  );
  const goal =
    aim === undefined
      ? ''
      : `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(aim)}" y2="${y(aim)}" stroke="#c00" ` +
        `stroke-dasharray="4 4"/>` +
        label(LEFT - 8, y(aim) + 4, `aim ${aim} ${unit}`, 'text-anchor="end" fill="#c00"');
  return [label(8, top + 14, title, 'font-weight="600"'), axis, goal, line, ...dots, ...ticks].join('\n');
}

/**
 * Draws how each figure grows with the number of nodes, for the runs in which all joined as fast as possible.
 */
export function growthPlot(heading: string, runs: readonly Run[]): string {
  const growing = runs.filter(({ spread }) => spread === 0).sort((a, b) => a.nodes - b.nodes);
  const height = 50 + figures.length * PANEL;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
      `font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    label(8, 26, heading, 'font-size="16" font-weight="700"'),
    ...figures.map((figure, index) => panel(figure, growing, 50 + index * PANEL)),
    '</svg>',
    '',
  ].join('\n');
}
