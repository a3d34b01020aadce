/** The last lines of what a function printed, at most `limit` bytes of them. */
export interface LogTail {
  add(line: string): void;
  read(): Buffer;
}

/** 4 KB is what Lambda returns for `LogType: Tail`. */
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
