import { access, constants, mkdir } from 'node:fs/promises';

/** What libc's shm_open() and sem_open() use on Linux; functions do not have it. */
const VISIBLE = '/dev/shm';
const PLACE = '/tmp/.boxer/shm';

/**
 * Gives POSIX shared memory and named semaphores (PostgreSQL, Python's multiprocessing) a directory where the platform
 * has none that this user can write to; resolves to its remap, or to none.
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
