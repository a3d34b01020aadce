import { engineSocket } from '../engine/socket.ts';
import { localAccess } from '../local/access.ts';
import type { Provider } from './provider.ts';

// Verbs such as `cost` and `down` load this file, too, so what only some verbs need is imported by those.

/** The local Lambda: functions on this engine, which phantoms make. */
export const local: Provider = {
  name: 'local',
  ownImages: ({ lambdaLocal }) => [lambdaLocal],
  isProviderOf: ({ createIfMissing }) => createIfMissing,
  access: async (engine, { region }) => localAccess(region, await engineSocket(engine)),
  start: {
    deploy: async () => {},
    equip: async (work, project) => (await import('../local/build-twins.ts')).buildTwins(work, project),
    renew: async (...args) => (await import('../local/renew-functions.ts')).renewFunctions(...args),
  },
  plan: async (work, project) => (await import('../local/plan.ts')).localPlan(work, project),
  cost: {
    title: () => 'Nothing here; on AWS it would be',
    billing: async (engine, project) => (await import('../local/billing.ts')).readBilling(engine, project),
  },
  probe: {
    title: () => 'local',
    withProbe: async (_work, { model, own }, access, _consent, use) => {
      const { localProbe } = await import('../local/probe.ts');
      return use(localProbe(model.name, access, own.runtime));
    },
  },
  account: undefined,
};
