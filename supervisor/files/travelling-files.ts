import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { BoxerError } from '../published/boxer-error.ts';
import { errnoNameOf } from '../service/errno.ts';

/** One file, directory or symbolic link that travels to a function in the event of the invocation. */
export interface TravellingFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** In base64; only files have it. */
  readonly content?: string | undefined;
  /** The target; only symbolic links have it. */
  readonly link?: string | undefined;
}

/** The most entries of any kind. The event needs space for the path of each entry, even if it is empty. */
const MAX_ENTRIES = 10_000;

/**
 * The most bytes of all files together. In base64 they fit into the 6 MB of an event, and leave room for the
 * environment variables.
 */
const MAX_BYTES = 4 * 1024 * 1024;

/** The folder of the files of a launch. It is below /tmp, because a function can write nowhere else. */
export const PLACE = '/tmp/.boxer/files';

function tooLarge(paths: readonly string[], what: string, at: string): BoxerError {
  return new BoxerError(
    'FILES_TOO_LARGE',
    `the mounted files (${paths.join(', ')}) exceed the limit of ${what} at ${at}`,
    {
      hint: 'mounted files travel with the invocation: mount fewer files, or COPY them into the image',
    },
  );
}

function unreadable(path: string, cause: unknown): BoxerError {
  const reason = errnoNameOf(cause) ?? String(cause);
  return new BoxerError('FILE_UNREADABLE', `${path} cannot travel to a function: ${reason}`, {
    hint: 'the service’s user reads this file: give that user read permission, or mount another file',
    cause,
  });
}

/**
 * The paths at which the files of mounts are visible. If the path of a mount is a symbolic link (such as
 * nginx' sites-enabled/default), the engine mounts the file at the link's target, so the file is visible at
 * both paths.
 */
export async function mountPoints(paths: readonly string[]): Promise<string[]> {
  const ends = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  return [...new Set([...paths, ...ends])];
}

/**
 * Reads the files that the phantom's container has mounted at `paths`: secrets, configs, read-only bind
 * mounts. Rejects with BoxerError FILES_TOO_LARGE, FILE_KIND or FILE_UNREADABLE, each with the path.
 */
export async function collectFiles(paths: readonly string[]): Promise<TravellingFile[]> {
  const files: TravellingFile[] = [];
  let bytes = 0;
  const collect = async (path: string): Promise<void> => {
    if (files.length >= MAX_ENTRIES) throw tooLarge(paths, `${MAX_ENTRIES} files and folders`, path);
    const stat = await lstat(path);
    const mode = stat.mode & 0o7777;
    if (stat.isSymbolicLink()) files.push({ path, mode, link: await readlink(path) });
    else if (stat.isDirectory()) {
      files.push({ path, mode });
      for (const name of (await readdir(path)).sort()) await reading(join(path, name));
    } else if (stat.isFile()) {
      bytes += stat.size;
      if (bytes > MAX_BYTES) throw tooLarge(paths, '4 MB', path);
      files.push({ path, mode, content: (await readFile(path)).toString('base64') });
    } else {
      throw new BoxerError(
        'FILE_KIND',
        `${path} is a socket, pipe or device and cannot travel to a function`,
        {
          hint: 'remove the mount, or keep the service unboxed',
        },
      );
    }
  };
  const reading = (path: string): Promise<void> =>
    collect(path).catch((error: unknown) => {
      throw error instanceof BoxerError ? error : unreadable(path, error);
    });
  for (const path of paths) await reading(path);
  return files;
}

/**
 * The target of the symbolic link at `path` once the link is written below /tmp. The kernel, which follows
 * the link, does not know the visible paths of the files that have travelled, so an absolute link to one of
 * these files becomes a relative one.
 */
function placedLink(path: string, target: string, paths: readonly string[]): string {
  const plain = posix.normalize(target);
  const travelled = paths.some((root) => plain === root || plain.startsWith(`${root.replace(/\/+$/, '')}/`));
  return posix.isAbsolute(target) && travelled ? posix.relative(posix.dirname(path), plain) : target;
}

/** Writes the files below `place`. Resolves to the remaps that show them at their original paths. */
export async function placeFiles(
  files: readonly TravellingFile[],
  paths: readonly string[],
  place = PLACE,
): Promise<Record<string, string>> {
  const directories: TravellingFile[] = [];
  for (const file of files) {
    const at = join(place, file.path);
    await mkdir(dirname(at), { recursive: true });
    if (file.link !== undefined) await symlink(placedLink(file.path, file.link, paths), at);
    else if (file.content !== undefined) {
      await writeFile(at, Buffer.from(file.content, 'base64'));
      await chmod(at, file.mode);
    } else {
      await mkdir(at, { recursive: true });
      directories.push(file);
    }
  }
  // The modes of directories are set last, and those of inner directories first: a directory may be
  // read-only.
  for (const { path, mode } of directories.reverse()) await chmod(join(place, path), mode);
  return Object.fromEntries(paths.map((path) => [path, join(place, path)]));
}
