const codes = { bold: 1, dim: 2, red: 31, green: 32 };

/** A claim of the demo that turned out wrong. */
export class Untrue extends Error {}

/** Throws Untrue unless `truth` holds. */
export const check = (truth, complaint) => {
  if (!truth) throw new Untrue(complaint);
};

/** Seconds with one decimal. */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** Prints steps as they happen: when each began, whether it held, how long it took, what it found. */
export const createTimeline = (stream) => {
  const start = performance.now();
  const paint = (text, colour) => (stream.isTTY ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
  const at = (time) => paint(`${((time - start) / 1000).toFixed(1).padStart(6)} s`, 'dim');

  /** Runs `work`; the lines that it returns stand below the title. */
  const step = async (title, work) => {
    const began = performance.now();
    if (stream.isTTY) stream.write(`${at(began)}  …  ${title}`);
    const finish = (mark, note) => {
      stream.write(`${stream.isTTY ? '\r\u001b[K' : ''}${at(began)}  ${mark}  ${title}${note}\n`);
    };
    try {
      const lines = await work();
      finish(paint('✓', 'green'), paint(`  (${seconds(performance.now() - began)})`, 'dim'));
      for (const line of lines ?? []) stream.write(`             ${line}\n`);
    } catch (error) {
      finish(paint('✗', 'red'), '');
      throw error;
    }
  };

  return {
    step,
    heading: (text) => stream.write(`\n${paint(text, 'bold')}\n\n`),
    line: (text) => stream.write(`${text}\n`),
    failure: (text) => stream.write(`\n${paint(text, 'red')}\n`),
    elapsed: () => seconds(performance.now() - start),
  };
};
