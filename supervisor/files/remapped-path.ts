import { posix } from 'node:path';

/**
 * The real path of an absolute path that the guest sees. The longest remap that matches is used, as in the
 * process monitor. A relative path is returned unchanged.
 */
export function remappedPath(path: string, remap: Readonly<Record<string, string>>): string {
  if (!posix.isAbsolute(path)) return path;
  const plain = posix.normalize(path);
  const byLength = Object.keys(remap).sort((a, b) => b.length - a.length);
  for (const visible of byLength) {
    const prefix = visible.replace(/\/+$/, '');
    if (plain === prefix || plain.startsWith(`${prefix}/`))
      return `${remap[visible]}${plain.slice(prefix.length)}`;
  }
  return path;
}
