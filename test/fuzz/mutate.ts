/** Creates a generator of random numbers. The same seed gives the same numbers (xorshift, 32 bits). */
export function createRandom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Numbers at the limits of fields, which readers are most likely to handle wrongly. */
const NUMBERS = [
  0, 1, 7, 8, 9, 127, 128, 255, 256, 65_535, 65_536, 0xfffff, 0x100000, 0x100001, 0x7fffffff, 0xffffffff,
];

/** Derives an input from one of the corpus. `words`: pieces of the format that the reader understands. */
export function mutate(
  random: (below: number) => number,
  corpus: readonly Buffer[],
  words: readonly string[],
  longest: number,
): Buffer {
  const pick = <T>(from: readonly T[], otherwise: T): T => from[random(from.length)] ?? otherwise;
  // The newest inputs of the corpus reach furthest into the code, so they are chosen more often.
  const base = random(2) === 0 ? corpus.slice(-4) : corpus;
  let bytes = Buffer.from(pick(base, Buffer.alloc(0)));
  for (let rounds = 1 + random(4); rounds > 0; rounds--) {
    // The first bytes of an input decide most about what a reader does, so they change more often.
    const at = random(1 + (random(2) === 0 ? Math.min(bytes.length, 8) : bytes.length));
    const until = Math.min(bytes.length, at + random(16));
    const around = (middle: Buffer) => Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(until)]);
    switch (random(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 2:
        bytes = around(Buffer.alloc(0));
        break;
      case 3:
        bytes = around(Buffer.from(pick(words, '')));
        break;
      case 4: {
        const other = pick(corpus, bytes);
        const from = random(other.length + 1);
        bytes = around(other.subarray(from, from + random(64)));
        break;
      }
      case 5:
        if (at + 4 <= bytes.length) bytes.writeUInt32BE(pick(NUMBERS, 0), at);
        break;
      default:
        bytes = around(Buffer.from(String(pick(NUMBERS, 0) - random(2))));
    }
  }
  return bytes.subarray(0, longest);
}
