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

/** One file, directory or symbolic link on its way into a function. */
export interface TravellingFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** base64; of files only */
  readonly content?: string | undefined;
  /** Of symbolic links only. */
  readonly link?: string | undefined;
}

/** Entries of any kind: as many empty files are as large as the bytes below. */
const MAX_ENTRIES = 10_000;

/** Bytes of all files together: in base64 they fit the 6 MB of an invocation, with room for the environment. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Where the files of a launch stand; a function can write nowhere else. */
export const PLACE = '/tmp/.boxer/files';

function tooLarge(paths: readonly string[], what: string, at: string): BoxerError {
  return new BoxerError(
    'FILES_TOO_LARGE',
    `the files at ${paths.join(', ')} are more than ${what}, at ${at}`,
    {
      hint: 'files travel with the invocation: mount fewer of them, or COPY them into the image',
    },
  );
}

function unreadable(path: string, cause: unknown): BoxerError {
  const reason = errnoNameOf(cause) ?? String(cause);
  return new BoxerError('FILE_UNREADABLE', `${path} cannot travel to a function: ${reason}`, {
    hint: 'it is read by the user of the service: give that user the right to read it, or mount something else',
    cause,
  });
}

/**
 * The paths at which mounts show their files: where the engine follows a symbolic link to find the place for a mount (nginx'
 * sites-enabled/default is one), the file is seen there as well as by the link.
 */
export async function mountPoints(paths: readonly string[]): Promise<string[]> {
  const ends = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  return [...new Set([...paths, ...ends])];
}

/**
 * Reads what the phantom's container has mounted at `paths`: secrets, configs, read-only bind mounts.
 * Rejects with BoxerError FILES_TOO_LARGE, FILE_KIND or FILE_UNREADABLE, each with the path.
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
 * What a symbolic link at `path` says where it stands now: the kernel, which follows it, does not know the visible names of the files
 * that came along, so an absolute link to one of them becomes a relative one.
 */
function placedLink(path: string, target: string, paths: readonly string[]): string {
  const plain = posix.normalize(target);
  const travelled = paths.some((root) => plain === root || plain.startsWith(`${root.replace(/\/+$/, '')}/`));
  return posix.isAbsolute(target) && travelled ? posix.relative(posix.dirname(path), plain) : target;
}

/** Writes the files below /tmp; resolves to the remaps that show them at their own paths. */
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
  // Last, and the innermost first: a directory may well be read-only.
  for (const { path, mode } of directories.reverse()) await chmod(join(place, path), mode);
  return Object.fromEntries(paths.map((path) => [path, join(place, path)]));
}
