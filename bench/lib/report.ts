import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { type Comparison, median } from './samples.ts';
import { stripPlot } from './strip-plot.ts';

/** A single figure that is not a comparison, such as a size. */
export interface Figure {
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  readonly aim?: string;
}

/** The machine on which figures were measured. */
export const machine = () => ({
  cpus: cpus().length,
  model: cpus()[0]?.model,
  memory: totalmem(),
  kernel: release(),
  node: process.version,
});

/** Prints the table, and saves the raw samples and the plot as `bench/results/NAME.json` and `.svg`. */
export function report(
  name: string,
  heading: string,
  comparisons: readonly Comparison[],
  figures: readonly Figure[],
): void {
  const directory = new URL('../results/', import.meta.url);
  mkdirSync(directory, { recursive: true });
  const kept = { name, date: new Date().toISOString(), machine: machine(), comparisons, figures };
  writeFileSync(new URL(`${name}.json`, directory), `${JSON.stringify(kept, null, 1)}\n`);
  writeFileSync(new URL(`${name}.svg`, directory), stripPlot(heading, comparisons));

  for (const { title, unit, aim, series } of comparisons) {
    const [a, b] = series;
    const [low, high] = [median(a.samples), median(b.samples)];
    const ratio = `ratio ${(high / low).toFixed(2)}, difference ${(high - low).toFixed(0)} ${unit}`;
    process.stdout.write(
      `${title}\n  ${a.label.padEnd(28)}${low.toFixed(0).padStart(8)} ${unit}\n  ` +
        `${b.label.padEnd(28)}${high.toFixed(0).padStart(8)} ${unit}   ` +
        `${ratio}${aim ? `   (aim: ${aim})` : ''}\n`,
    );
  }
  for (const { title, value, unit, aim } of figures)
    process.stdout.write(
      `${title.padEnd(34)}${value.toFixed(1).padStart(8)} ${unit}${aim ? `   (aim: ${aim})` : ''}\n`,
    );
}
