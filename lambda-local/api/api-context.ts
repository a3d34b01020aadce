import type { Engine } from '../engine/engine.ts';
import type { FunctionRecord } from '../functions/function-record.ts';
import type { Functions } from '../functions/functions.ts';
import type { DeriveImage } from '../images/derive-image.ts';
import type { ImageKeeper } from '../images/image-keeper.ts';
import type { Event } from '../invoke/event-queue.ts';
import type { Invoke } from '../invoke/invoke.ts';
import type { Call } from './call.ts';
import { functionArn, functionName, type Home } from './function-name.ts';

/** The data that the operations need. */
export interface ApiContext {
  readonly home: Home;
  readonly engine: Engine;
  readonly images: ImageKeeper;
  readonly functions: Functions;
  readonly deriveImage: DeriveImage;
  readonly invoke: Invoke;
  readonly enqueue: (record: FunctionRecord, event: Event) => void;
  /** Concurrent executions of the account. */
  readonly concurrency: number;
}

/** The function that a call names. Throws ResourceNotFoundException. */
export function recordOf({ home, functions }: ApiContext, call: Call): FunctionRecord {
  const name = functionName(home, call.resource, call.query.get('Qualifier'));
  return functions.get(name, functionArn(home, name));
}
