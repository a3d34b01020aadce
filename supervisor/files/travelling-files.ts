import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BoxerError } from '../published/boxer-error.ts';

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

/** Bytes of all files together: in base64 they fit the 6 MB of an invocation, with room for the environment. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Where the files of a launch stand; a function can write nowhere else. */
const PLACE = '/tmp/.boxer/files';

/**
 * Reads what the phantom's container has mounted at `paths`: secrets, configs, read-only bind mounts.
 * Rejects with BoxerError FILES_TOO_LARGE, or the system's error for what cannot be read.
 */
export async function collectFiles(paths: readonly string[]): Promise<TravellingFile[]> {
  const files: TravellingFile[] = [];
  let bytes = 0;
  const collect = async (path: string): Promise<void> => {
    const stat = await lstat(path);
    const mode = stat.mode & 0o7777;
    if (stat.isSymbolicLink()) files.push({ path, mode, link: await readlink(path) });
    else if (stat.isDirectory()) {
      files.push({ path, mode });
      for (const name of (await readdir(path)).sort()) await collect(join(path, name));
    } else if (stat.isFile()) {
      bytes += stat.size;
      if (bytes > MAX_BYTES)
        throw new BoxerError(
          'FILES_TOO_LARGE',
          `the files at ${paths.join(', ')} are more than 4 MB, at ${path}`,
          {
            hint: 'files travel with the invocation: mount fewer of them, or COPY them into the image',
          },
        );
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
  for (const path of paths) await collect(path);
  return files;
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
    if (file.link !== undefined) await symlink(file.link, at);
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
