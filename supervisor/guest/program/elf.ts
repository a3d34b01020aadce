/** What of an ELF program decides whether a preloaded library is loaded into it, and sees its calls. */
export interface Elf {
  /** Of this machine's word size and byte order; nothing else is known of others. */
  readonly native: boolean;
  /** It names a loader: without one nothing is preloaded. */
  readonly dynamic: boolean;
  /** Made by the Go toolchain, whose programs make their own system calls even where they are linked dynamically. */
  readonly go: boolean;
}

const PT_INTERP = 3;
const PT_NOTE = 4;
/** More program headers than any linker writes. */
const MAX_HEADERS = 128;
const MAX_NOTES = 64 * 1024;

/** Reads `length` bytes of the file at `offset`; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Buffer;

/** Whether one of the notes in `bytes` is Go's: owner "Go", padded to four bytes as the owner and the content of each note are. */
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

/** Parses a 64-bit little-endian ELF file's program headers. Undefined for what is no ELF file, or a damaged one. */
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
