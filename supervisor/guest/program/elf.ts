/**
 * The facts about an ELF program that decide whether a preloaded library is loaded into it and sees its
 * calls.
 */
export interface Elf {
  /**
   * The program has this machine's word size and byte order. The other facts are not known of programs that
   * have not.
   */
  readonly native: boolean;
  /** The program names a loader. Without a loader no library is preloaded. */
  readonly dynamic: boolean;
  /**
   * The program was made by the Go toolchain. Go programs make their system calls themselves, even where they
   * are linked dynamically.
   */
  readonly go: boolean;
}

const PT_INTERP = 3;
const PT_NOTE = 4;
/** The most program headers that are read; linkers write fewer. */
const MAX_HEADERS = 128;
const MAX_NOTES = 64 * 1024;

/** Reads `length` bytes of the file at `offset`, and fewer at the file's end. */
export type ReadAt = (offset: number, length: number) => Buffer;

/**
 * Whether one of the notes in `bytes` has the owner "Go". The owner and the content of each note are padded
 * to four bytes.
 */
function hasGoNote(bytes: Buffer): boolean {
  const padded = (size: number) => (size + 3) & ~3;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = bytes.readUInt32LE(at);
    const contentSize = bytes.readUInt32LE(at + 4);
    if (nameSize > bytes.length || contentSize > bytes.length) return false;
    if (bytes.toString('latin1', at + 12, at + 12 + nameSize) === 'Go\0\0') return true;
    at += 12 + padded(nameSize) + padded(contentSize);
  }
  return false;
}

/**
 * Parses the program headers of a 64-bit little-endian ELF file. Undefined for a file that is not ELF, or is
 * damaged.
 */
export function parseElf(read: ReadAt): Elf | undefined {
  const header = read(0, 64);
  if (header.length < 20 || header.readUInt32BE(0) !== 0x7f454c46) return undefined;
  if (header[4] !== 2 || header[5] !== 1) return { native: false, dynamic: false, go: false };
  if (header.length < 64) return undefined;
  const start = Number(header.readBigUInt64LE(32));
  const size = header.readUInt16LE(54);
  const count = header.readUInt16LE(56);
  if (size < 56 || count > MAX_HEADERS || !Number.isSafeInteger(start)) return undefined;
  const table = read(start, size * count);
  let dynamic = false;
  let go = false;
  for (let at = 0; at + 56 <= table.length; at += size) {
    const type = table.readUInt32LE(at);
    if (type === PT_INTERP) dynamic = true;
    if (type !== PT_NOTE) continue;
    const offset = Number(table.readBigUInt64LE(at + 8));
    const length = Math.min(Number(table.readBigUInt64LE(at + 32)), MAX_NOTES);
    if (Number.isSafeInteger(offset)) go ||= hasGoNote(read(offset, length));
  }
  return { native: true, dynamic, go };
}
