import { Writable } from 'node:stream';

/** The most bytes of a line. A longer line is split, so that it cannot fill the memory. */
const LONGEST_LINE = 64 * 1024;

/**
 * A stream that calls `take` with each line, without its line end. The last line need not have a line end.
 */
export function lineSplitter(take: (line: string) => void): Writable {
  let rest: Buffer = Buffer.alloc(0);
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
        take(data.toString('utf8', 0, end));
        data = data.subarray(end + 1);
      }
      for (; data.length >= LONGEST_LINE; data = data.subarray(LONGEST_LINE)) {
        take(data.toString('utf8', 0, LONGEST_LINE));
      }
      rest = data;
      done();
    },
    final: (done) => {
      if (rest.length > 0) take(rest.toString());
      done();
    },
  });
}
