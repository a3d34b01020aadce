import { conflict, notFound } from '../base/lambda-error.ts';
import type { Fleet } from '../environment/fleet.ts';
import type { FunctionConfig } from './function-config.ts';
import type { FunctionRecord } from './function-record.ts';
import { NO_USAGE, sumOf, type Usage } from './usage.ts';

/** All functions of this Lambda. */
export class Functions {
  readonly #openFleet: (config: FunctionConfig) => Fleet;
  readonly #records = new Map<string, FunctionRecord>();
  /** What deleted functions have cost, by name. */
  readonly #past = new Map<string, Usage>();
  /** Deleted functions whose last executions have not ended. */
  readonly #ending = new Set<FunctionRecord>();

  /** `openFleet` starts the environments of one version of a function. */
  constructor(openFleet: (config: FunctionConfig) => Fleet) {
    this.#openFleet = openFleet;
  }

  /** @throws ResourceConflictException if the name is taken */
  create(config: FunctionConfig, tags: Record<string, string>): FunctionRecord {
    if (this.#records.has(config.name)) throw conflict(`Function already exist: ${config.name}`);
    const record: FunctionRecord = {
      config,
      state: 'Pending',
      updating: false,
      fleet: this.#openFleet(config),
      tags,
      reservedConcurrency: undefined,
      eventConfig: undefined,
      running: 0,
      queued: 0,
      usage: NO_USAGE,
    };
    this.#records.set(config.name, record);
    // The image is on this machine already, so the function is active after this answer.
    setImmediate(() => {
      if (record.state === 'Pending') record.state = 'Active';
    });
    return record;
  }

  /** @throws ResourceNotFoundException, which names `arn` */
  get(name: string, arn: string): FunctionRecord {
    const record = this.#records.get(name);
    if (record === undefined) throw notFound(`Function not found: ${arn}`);
    return record;
  }

  /**
   * Puts another version into use. Executions of the old one go on to their end.
   * @throws ResourceConflictException while an earlier update is in progress
   */
  update(record: FunctionRecord, config: FunctionConfig): void {
    if (record.state === 'Pending' || record.updating) {
      throw conflict(
        'The operation cannot be performed at this time. ' +
          `An update is in progress for resource: ${config.name}`,
      );
    }
    const old = record.fleet;
    record.config = config;
    record.fleet = this.#openFleet(config);
    record.updating = true;
    void old.retire().finally(() => {
      record.updating = false;
    });
  }

  async delete(record: FunctionRecord): Promise<void> {
    this.#records.delete(record.config.name);
    record.state = 'Deleted';
    this.#ending.add(record);
    this.#settle();
    await record.fleet.retire();
  }

  /** All functions, in the order of their names. */
  list(): FunctionRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.config.name < b.config.name ? -1 : 1));
  }

  /** The part of the account's concurrency that is reserved for single functions. */
  reserved(): number {
    return this.list().reduce((sum, record) => sum + (record.reservedConcurrency ?? 0), 0);
  }

  /** What each function has used, deleted functions included, by name. */
  usage(): Map<string, Usage> {
    this.#settle();
    const sums = new Map(this.#past);
    for (const record of [...this.#ending, ...this.#records.values()]) add(sums, record);
    return sums;
  }

  /** Closes the accounts of deleted functions that have ended. */
  #settle(): void {
    for (const record of this.#ending) {
      if (record.running > 0) continue;
      this.#ending.delete(record);
      add(this.#past, record);
    }
  }
}

function add(sums: Map<string, Usage>, { config, usage }: FunctionRecord): void {
  sums.set(config.name, sumOf(sums.get(config.name) ?? NO_USAGE, usage));
}
