import { Writable } from 'node:stream';

/** A line without end must not fill the memory: it is cut here. */
const LONGEST_LINE = 64 * 1024;

/** Takes bytes, gives whole lines without their line end to `take`; the last one also without a line end. */
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
