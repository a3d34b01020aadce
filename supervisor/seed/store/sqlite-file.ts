import { closeSync, constants, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BoxerError } from '../../published/boxer-error.ts';
import { messageOf } from '../../published/message-of.ts';

/** Another number for every change after which an older seed could not read the file, or a newer one not an older file. */
const FORMAT = '1';
const FILE = 'seed.db';
/** SQLite's own companions of the file. */
const COMPANIONS = ['', '-wal', '-shm', '-journal'];

export const SCHEMA = `
  create table if not exists meta (name text primary key, value text not null) without rowid;
  create table if not exists entries (
    key text primary key,
    value text not null,
    revision integer not null,
    expires integer not null
  ) without rowid;
  create index if not exists by_expiry on entries (expires);
`;

export interface SqliteFile {
  readonly database: DatabaseSync;
  /** Path of the write-ahead log, which is what has to reach the disk. */
  readonly log: string;
}

/** Why a file cannot be gone on with. */
class Unusable extends Error {
  /** What the file that is set aside is called by. */
  readonly label: string;

  constructor(label: string, message: string) {
    super(message);
    this.label = label;
  }
}

/**
 * Opens the store's file in `folder`, which is made where it is not there (mode 0700, the file 0600). One that is broken, of another
 * version, or of another `owner` is set aside, with a line that says so, and a new one begun: what it remembered is convenience, and no project
 * shall stand still for it. Rejects with BoxerError STORE where the folder cannot be used.
 */
export async function openSqliteFile(
  folder: string,
  owner: string,
  log: (line: string) => void,
): Promise<SqliteFile> {
  const path = join(folder, FILE);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    // SQLite gives its companions the mode of the file.
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
    try {
      return { database: openDatabase(path, owner), log: `${path}-wal` };
    } catch (error) {
      const { label, message } = whyUnusable(error);
      const aside = setAside(path, label);
      log(`store ${path}: ${message}; it is kept as ${aside}, and a new one begun`);
      closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
      return { database: openDatabase(path, owner), log: `${path}-wal` };
    }
  } catch (cause) {
    const why = messageOf(cause);
    throw new BoxerError('STORE', `the seed's store ${path} cannot be used: ${why}`, {
      hint: 'the folder must be writable for the seed and have space left; it is the volume boxer-store of the project',
      cause,
    });
  }
}

function openDatabase(path: string, owner: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 2000 });
  try {
    // One process: no shared memory is needed. The log is brought to the disk by its writer (see SqliteStore).
    database.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = normal');
    const [check] = Object.values(database.prepare('pragma quick_check(1)').get() ?? {});
    if (check !== 'ok') throw new Unusable('broken', `it is broken (${String(check)})`);
    database.exec(SCHEMA);
    const told = database.prepare('select value from meta where name = ?');
    const tell = database.prepare('insert or ignore into meta values (?, ?)');
    for (const [name, value, label, message] of [
      ['format', FORMAT, 'version', 'it was written by another version'],
      ['owner', owner, 'project', 'it belongs to another project, key or overlay range'],
    ] as const) {
      tell.run(name, value);
      if (told.get(name)?.value !== value) throw new Unusable(label, message);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What SQLite says of a file that is none of its own, or damaged: SQLITE_CORRUPT and SQLITE_NOTADB. Other errors are passed on. */
function whyUnusable(error: unknown): Unusable {
  if (error instanceof Unusable) return error;
  const code: unknown = typeof error === 'object' && error ? Reflect.get(error, 'errcode') : undefined;
  const primary = typeof code === 'number' ? code & 255 : 0;
  if (primary === 11 || primary === 26)
    return new Unusable('broken', `it is broken (${error instanceof Error ? error.message : code})`);
  throw error;
}

/** One of each label is kept, the latest: nothing grows. */
function setAside(path: string, label: string): string {
  const aside = `${path}.${label}`;
  for (const companion of COMPANIONS) {
    rmSync(aside + companion, { force: true });
    if (existsSync(path + companion)) renameSync(path + companion, aside + companion);
  }
  return aside;
}
