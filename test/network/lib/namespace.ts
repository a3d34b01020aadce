import { runTool, startHelper } from './helper.ts';

/**
 * A network namespace that a process keeps. The namespace and its links are removed when that process ends.
 */
export interface Namespace {
  /** The id of the process that keeps the namespace. */
  readonly pid: number;
  /** The path of the namespace, for setns(). */
  readonly path: string;
  /** Runs a shell script in the namespace. Rejects with its stderr if it fails. */
  run(script: string): Promise<string>;
  remove(): Promise<void>;
}

// Frames on bridges must not pass the gateways' rules. The congestion control is Cubic if a namespace may use
// it, and Reno otherwise: after a simultaneous open, the kernel's estimate of the round-trip time is too
// short, and BBR, the default of some machines, then stays slow for 10 s.
const PREPARE = `ip link set lo up
for file in /proc/sys/net/bridge/bridge-nf-call-iptables; do [ ! -e $file ] || echo 0 >$file; done
echo 1 >/proc/sys/net/ipv4/ip_forward
for control in reno cubic; do echo $control >/proc/sys/net/ipv4/tcp_congestion_control || :; done 2>/dev/null
echo ready
exec cat`;

export async function createNamespace(): Promise<Namespace> {
  const helper = await startHelper(['unshare', '--net', 'sh', '-ec', PREPARE], {
    ready: (line) => line === 'ready',
  });
  const path = `/proc/${helper.pid}/ns/net`;
  return {
    pid: helper.pid,
    path,
    run: (script) => runTool(['nsenter', `--net=${path}`, 'sh', '-e'], script),
    remove: () => helper.stop(),
  };
}
