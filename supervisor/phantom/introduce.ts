import type { Session } from '../control/session.ts';
import type { ForwardRequest, PhantomRequests, RelayPlace } from '../membership/join.ts';
import { Introduce as IntroduceMessage } from '../protocol/flows.ts';

/** Tells the function of a connection to fetch here; rejects with ControlError, the errno being the guest's answer. */
export type Introduce = (request: ForwardRequest & { readonly place: RelayPlace }) => Promise<void>;

/** Origins whose overlay address is remembered, and for how long, ms: the seed may give it to another host one day. */
const MAX_ORIGINS = 1024;
const REMEMBERED_MS = 60_000;

/**
 * The first connection of an origin goes by the seed, which gives the origin its overlay address; those that follow go
 * straight to the function, one hop less. `session` is there once the function has called.
 */
export function createIntroducer(overlay: PhantomRequests, session: () => Session | undefined): Introduce {
  const known = new Map<string, { overlay: string; until: number }>();

  async function bySeed(request: ForwardRequest): Promise<void> {
    const origin = request.origin.address;
    const { origin: address } = await overlay.forward(request);
    known.delete(origin);
    known.set(origin, { overlay: address, until: Date.now() + REMEMBERED_MS });
    const oldest = known.keys().next();
    if (known.size > MAX_ORIGINS && !oldest.done) known.delete(oldest.value);
  }

  return async (request) => {
    const { origin, port, place } = request;
    const remembered = known.get(origin.address);
    const direct = session();
    if (!direct || !remembered || remembered.until < Date.now()) return bySeed(request);
    await direct.request(IntroduceMessage, {
      port,
      ...place,
      peer: { address: remembered.overlay, port: origin.port },
    });
  };
}
