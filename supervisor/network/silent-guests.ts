/** The first and the longest pause between two calls, in ms. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;

/**
 * Calls `look` repeatedly, with growing pauses, until the returned function is called. The kernel has no
 * event for a socket that starts to listen, and programs that make their system calls themselves (Go, static
 * binaries) report nothing, so the listeners have to be polled. The caller stops the polling at the first
 * report of a process monitor, which shows that this guest's programs do report.
 */
export function lookForSilentListeners(look: () => void): () => void {
  let pause = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | undefined;
  const schedule = () => {
    timer = setTimeout(() => {
      look();
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      schedule();
    }, pause).unref();
  };
  schedule();
  return () => clearTimeout(timer);
}
