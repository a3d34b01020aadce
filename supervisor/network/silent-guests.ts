/** First and longest pause between two looks, in ms. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;

/**
 * Calls `look` again and again, ever more rarely, until `stop` is called. The kernel has no event for a socket that starts
 * to listen, and programs that make their system calls themselves (Go, static binaries) tell us nothing: looking is what is
 * left. It ends with the first word from a process monitor, which shows that this guest's programs do tell.
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
