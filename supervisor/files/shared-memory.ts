import { access, constants, mkdir } from 'node:fs/promises';

/** The directory that libc's shm_open() and sem_open() use on Linux. Functions do not have it. */
const VISIBLE = '/dev/shm';
const PLACE = '/tmp/.boxer/shm';

/**
 * Makes a directory for POSIX shared memory and named semaphores (PostgreSQL, Python's multiprocessing) if
 * the platform has none to which this user can write. Resolves to the remap of this directory, or to no
 * remap.
 */
export async function makeSharedMemory(visible = VISIBLE, place = PLACE): Promise<Record<string, string>> {
  const usable = await access(visible, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (usable) return {};
  await mkdir(place, { recursive: true });
  return { [visible]: place };
}
