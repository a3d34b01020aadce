const FORWARDED = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTERM',
  'SIGCONT',
  'SIGWINCH',
  'SIGALRM',
  'SIGTTIN',
  'SIGTTOU',
] as const satisfies NodeJS.Signals[];

/**
 * Passes every signal that an init process forwards on to `deliver`, until the returned function is called.
 */
export function forwardSignals(deliver: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of FORWARDED) process.on(signal, deliver);
  return () => {
    for (const signal of FORWARDED) process.removeListener(signal, deliver);
  };
}
