import type { Duplex, Writable } from 'node:stream';

/** The size of a frame's header: one byte for the stream, three unused ones, and four for the length. */
const HEADER = 8;
const STDERR = 2;

/** Splits the Engine's multiplexed output. Both outputs end when the stream ends or fails. */
export async function demultiplex(stream: Duplex, stdout: Writable, stderr: Writable): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of stream) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= HEADER) {
        const end = HEADER + rest.readUInt32BE(4);
        if (rest.length < end) break;
        (rest[0] === STDERR ? stderr : stdout).write(rest.subarray(HEADER, end));
        rest = rest.subarray(end);
      }
    }
  } catch {
    // A broken connection is the end of the output. The end of the container is reported separately.
  } finally {
    stdout.end();
    stderr.end();
  }
}
