/** A flag of the command line; `raw` holds the words of the command line that make up the flag. */
export interface Flag {
  name: string;
  value: string | undefined;
  raw: string[];
}

/** Names of the flags that a command line may hold: with a value, and without. Short ones as `-f`. */
export interface FlagTable {
  valued: readonly string[];
  boolean: readonly string[];
  /** Short flag -> its long name. */
  aliases?: Readonly<Record<string, string>>;
}

const longName = (table: FlagTable, name: string) => table.aliases?.[name] ?? name;

/**
 * Reads the flag at `words[at]` by pflag's rules (`--f v`, `--f=v`, `-f v`, `-fv`, `-f=v`).
 * Undefined: no flag of this table. A missing value is left for docker itself to complain about.
 */
export function readFlag(words: readonly string[], at: number, table: FlagTable): Flag | undefined {
  const word = words[at] ?? '';
  if (!word.startsWith('-') || word === '-' || word === '--') return undefined;
  if (word.startsWith('--')) {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    if (equals >= 0) {
      const known = table.valued.includes(name) || table.boolean.includes(name);
      return known ? { name, value: word.slice(equals + 1), raw: [word] } : undefined;
    }
    if (table.boolean.includes(name)) return { name, value: undefined, raw: [word] };
    return table.valued.includes(name) ? withNextWord(words, at, name) : undefined;
  }
  const short = word.slice(0, 2);
  if (table.boolean.includes(short) && word.length === 2) {
    return { name: longName(table, short), value: undefined, raw: [word] };
  }
  if (!table.valued.includes(short)) return undefined;
  if (word.length === 2) return withNextWord(words, at, longName(table, short));
  return { name: longName(table, short), value: word.slice(2).replace(/^=/, ''), raw: [word] };
}

function withNextWord(words: readonly string[], at: number, name: string): Flag {
  const raw = words.slice(at, at + 2);
  return { name, value: raw[1] ?? '', raw };
}
