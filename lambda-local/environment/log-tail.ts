/** The last lines of a function's output, at most `limit` bytes. */
export interface LogTail {
  add(line: string): void;
  read(): Buffer;
}

/** `limit` is 4 KB by default, as Lambda returns it for `LogType: Tail`. */
export function createLogTail(limit = 4096): LogTail {
  let tail = Buffer.alloc(0);
  return {
    add: (line) => {
      const all = Buffer.concat([tail, Buffer.from(`${line}\n`)]);
      tail = all.length > limit ? Buffer.from(all.subarray(-limit)) : all;
    },
    read: () => tail,
  };
}
