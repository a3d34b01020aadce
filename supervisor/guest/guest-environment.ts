/** What the process monitor reads from environment variables. */
export interface MonitorSettings {
  /** Path of libboxer.so */
  readonly library: string;
  readonly socketName: string;
  /** Visible path -> real path */
  readonly remap: Readonly<Record<string, string>>;
}

/**
 * The guest's environment: its own variables, with the process monitor preloaded behind all libraries that it
 * preloads itself. So a library that wants to see the guest's calls sees them first, and finds the monitor
 * where it would find libc.
 */
export function guestEnvironment(
  own: Readonly<Record<string, string>>,
  monitor: MonitorSettings,
): Record<string, string> {
  const preload = own.LD_PRELOAD;
  // The process monitor takes the first match, so the longest path comes first.
  const byLength = Object.entries(monitor.remap).sort(([a], [b]) => b.length - a.length);
  const remap = byLength.map(([visible, real]) => `${visible}=${real}`);
  return {
    ...own,
    LD_PRELOAD: preload === undefined ? monitor.library : `${preload}:${monitor.library}`,
    BOXER_SOCKET: monitor.socketName,
    ...(remap.length > 0 ? { BOXER_REMAP: remap.join(':') } : {}),
  };
}
