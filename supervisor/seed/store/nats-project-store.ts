import { connectNats, type NatsSettings } from './nats-connection.ts';
import { type NatsStoreOptions, openNatsStore } from './nats-store.ts';
import type { Store } from './store.ts';

/** Opens the store of one project, with a connection of its own. Rejects with BoxerError STORE. */
export async function openNatsProjectStore(
  options: NatsSettings & Omit<NatsStoreOptions, 'connection'>,
): Promise<Store> {
  const connection = await connectNats(options);
  try {
    const store = await openNatsStore({ ...options, connection });
    return {
      create: (...args) => store.create(...args),
      put: (...args) => store.put(...args),
      remove: (...args) => store.remove(...args),
      get: (...args) => store.get(...args),
      watch: (...args) => store.watch(...args),
      bus: store.bus,
      async close() {
        await store.close();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
