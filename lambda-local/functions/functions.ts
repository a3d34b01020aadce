import { conflict, notFound } from '../base/lambda-error.ts';
import type { Fleet } from '../environment/fleet.ts';
import type { FunctionConfig } from './function-config.ts';
import type { FunctionRecord } from './function-record.ts';
import { NO_USAGE, sumOf, type Usage } from './usage.ts';

/** All functions of this Lambda. */
export interface Functions {
  /** Throws ResourceConflictException when the name is taken. */
  create(config: FunctionConfig, tags: Record<string, string>): FunctionRecord;
  /** Throws ResourceNotFoundException, naming `arn`. */
  get(name: string, arn: string): FunctionRecord;
  /** Puts another version into use; environments of the old one end with what they are doing. */
  update(record: FunctionRecord, config: FunctionConfig): void;
  delete(record: FunctionRecord): Promise<void>;
  /** By name, in order. */
  list(): FunctionRecord[];
  /** Reserved for single functions, out of the account's concurrency. */
  reserved(): number;
  /** By function; what a deleted function has cost stays counted. */
  usage(): Map<string, Usage>;
}

/** `openFleet` starts the environments of one version of a function. */
export function createFunctions(openFleet: (config: FunctionConfig) => Fleet): Functions {
  const records = new Map<string, FunctionRecord>();
  const past = new Map<string, Usage>();
  /** Deleted, with executions that still go on to their end. */
  const ending = new Set<FunctionRecord>();
  const all = () => [...records.values()];
  const add = (sums: Map<string, Usage>, { config, usage }: FunctionRecord) =>
    sums.set(config.name, sumOf(sums.get(config.name) ?? NO_USAGE, usage));
  const settle = () => {
    for (const record of ending) {
      if (record.running > 0) continue;
      ending.delete(record);
      add(past, record);
    }
  };

  return {
    create: (config, tags) => {
      if (records.has(config.name)) throw conflict(`Function already exist: ${config.name}`);
      const record: FunctionRecord = {
        config,
        state: 'Pending',
        updating: false,
        fleet: openFleet(config),
        tags,
        reservedConcurrency: undefined,
        eventConfig: undefined,
        running: 0,
        queued: 0,
        usage: NO_USAGE,
      };
      records.set(config.name, record);
      // The image is on this machine already: there is nothing to wait for beyond this answer.
      setImmediate(() => {
        if (record.state === 'Pending') record.state = 'Active';
      });
      return record;
    },
    get: (name, arn) => {
      const record = records.get(name);
      if (record === undefined) throw notFound(`Function not found: ${arn}`);
      return record;
    },
    update: (record, config) => {
      if (record.state === 'Pending' || record.updating) {
        throw conflict(
          `The operation cannot be performed at this time. An update is in progress for resource: ${config.name}`,
        );
      }
      const old = record.fleet;
      record.config = config;
      record.fleet = openFleet(config);
      record.updating = true;
      void old.retire().finally(() => {
        record.updating = false;
      });
    },
    delete: async (record) => {
      records.delete(record.config.name);
      record.state = 'Deleted';
      ending.add(record);
      settle();
      await record.fleet.retire();
    },
    list: () => all().sort((a, b) => (a.config.name < b.config.name ? -1 : 1)),
    reserved: () => all().reduce((sum, record) => sum + (record.reservedConcurrency ?? 0), 0),
    usage: () => {
      settle();
      const sums = new Map(past);
      for (const record of [...ending, ...all()]) add(sums, record);
      return sums;
    },
  };
}
