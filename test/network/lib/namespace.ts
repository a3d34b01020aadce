import { runTool, startHelper } from './helper.ts';

/** A network namespace, held by one process: it and all links of it vanish with that process. */
export interface Namespace {
  /** Of the process that holds it. */
  readonly pid: number;
  /** To be entered by setns(). */
  readonly path: string;
  /** Runs a shell script inside; rejects with its stderr when it fails. */
  run(script: string): Promise<string>;
  remove(): Promise<void>;
}

// Bridges must not show their frames to the gateways' rules. Cubic where a namespace may have it, else Reno: the kernel measures the round
// trip of a simultaneous open too short, and BBR, the default of some machines, stays slow for 10 s after it.
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
