import type { Fleet } from '../environment/fleet.ts';
import type { FunctionConfig } from './function-config.ts';
import type { Usage } from './usage.ts';

/** How failed asynchronous invocations are dealt with. */
export interface EventConfig {
  readonly maximumRetryAttempts: number | undefined;
  /** seconds */
  readonly maximumEventAge: number | undefined;
  readonly lastModified: Date;
}

/** Everything that is known about one function. The only place where a function's state changes. */
export interface FunctionRecord {
  config: FunctionConfig;
  state: 'Pending' | 'Active' | 'Deleted';
  updating: boolean;
  fleet: Fleet;
  tags: Readonly<Record<string, string>>;
  reservedConcurrency: number | undefined;
  eventConfig: EventConfig | undefined;
  /** Executions under way. */
  running: number;
  /** Asynchronous invocations that have been accepted and not finished. */
  queued: number;
  usage: Usage;
}
