import { CONFIG_VARIABLE } from '../published/node-config.ts';

/** What the process monitor reads from environment variables. */
export interface MonitorSettings {
  /** Path of libboxer.so */
  readonly library: string;
  readonly socketName: string;
  /** Visible path -> real path */
  readonly remap: Readonly<Record<string, string>>;
}

/**
 * The guest's environment: its own variables, with the process monitor preloaded before all libraries that it
 * preloads itself.
 */
export function guestEnvironment(
  own: Readonly<Record<string, string>>,
  monitor: MonitorSettings,
): Record<string, string> {
  const { [CONFIG_VARIABLE]: _config, ...environment } = own;
  const preload = environment.LD_PRELOAD;
  // The process monitor takes the first match, so the longest path comes first.
  const byLength = Object.entries(monitor.remap).sort(([a], [b]) => b.length - a.length);
  const remap = byLength.map(([visible, real]) => `${visible}=${real}`);
  return {
    ...environment,
    LD_PRELOAD: preload ? `${monitor.library}:${preload}` : monitor.library,
    BOXER_SOCKET: monitor.socketName,
    ...(remap.length > 0 ? { BOXER_REMAP: remap.join(':') } : {}),
  };
}

/** `process.env` without the undefined values that its type allows. */
export function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
