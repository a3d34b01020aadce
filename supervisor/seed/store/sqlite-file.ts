import { closeSync, constants, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BoxerError } from '../../published/boxer-error.ts';
import { messageOf } from '../../published/message-of.ts';

/**
 * The version of the file format. It has to change whenever an older seed could not read the new file, or a
 * newer seed not the old one.
 */
const FORMAT = '1';
const FILE = 'seed.db';
/** Suffixes of the file and of the files that SQLite keeps beside it. */
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
  /** The path of the write-ahead log, which has to reach the disk. */
  readonly log: string;
}

/** Thrown for a file that cannot be used. */
class Unusable extends Error {
  /** The suffix of the file when it is set aside. */
  readonly label: string;

  constructor(label: string, message: string) {
    super(message);
    this.label = label;
  }
}

/**
 * Opens the store's file in `folder`. Creates both if they do not exist, the folder with mode 0700 and the
 * file with 0600. A file that is broken, of another version or of another `owner` is set aside and logged,
 * and a new one is created: the store is a convenience, and no project should stop because of it. Rejects
 * with BoxerError STORE if the folder cannot be used.
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
    // SQLite gives the files beside it the mode of this file.
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
      hint:
        'this is the project’s volume boxer-store: ' +
        'it needs space, and the seed must be able to write to it',
      cause,
    });
  }
}

function openDatabase(path: string, owner: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 2000 });
  try {
    // Only one process uses the file, so no shared memory is needed. The writer syncs the log to the disk
    // (see SqliteStore).
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

/**
 * Returns the reason for which SQLite cannot use a file: it is damaged (SQLITE_CORRUPT) or no database
 * (SQLITE_NOTADB).
 * @throws any other error.
 */
function whyUnusable(error: unknown): Unusable {
  if (error instanceof Unusable) return error;
  const code: unknown = typeof error === 'object' && error ? Reflect.get(error, 'errcode') : undefined;
  const primary = typeof code === 'number' ? code & 255 : 0;
  if (primary === 11 || primary === 26)
    return new Unusable('broken', `it is broken (${error instanceof Error ? error.message : code})`);
  throw error;
}

/** Sets the file aside. Only the latest file of each label is kept, so that the folder does not grow. */
function setAside(path: string, label: string): string {
  const aside = `${path}.${label}`;
  for (const companion of COMPANIONS) {
    rmSync(aside + companion, { force: true });
    if (existsSync(path + companion)) renameSync(path + companion, aside + companion);
  }
  return aside;
}
