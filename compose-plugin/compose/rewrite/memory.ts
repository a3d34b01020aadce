import type { Service } from '../model.ts';
import { reset } from './tags.ts';

/** Resource limits of the application, which would wrongly restrict the phantom. */
const limits = [
  ...['mem_limit', 'mem_reservation', 'memswap_limit', 'mem_swappiness', 'pids_limit'],
  ...['cpus', 'cpu_count', 'cpu_percent', 'cpu_period', 'cpu_quota', 'cpu_rt_period', 'cpu_rt_runtime'],
  ...['cpu_shares', 'cpuset'],
];

/** Takes the application's resource limits off the phantom; the function has its own. */
export function memoryResets(service: Service): Record<string, unknown> {
  return {
    ...Object.fromEntries(limits.filter((key) => service[key] !== undefined).map((key) => [key, reset()])),
    ...(service.deploy?.resources === undefined ? {} : { deploy: { resources: reset() } }),
  };
}
