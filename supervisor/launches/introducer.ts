import type { Session } from '../control/session.ts';
import type { ForwardRequest, Overlay, RelayPlace } from '../membership/join.ts';
import { Introduce } from '../protocol/flows.ts';

/** A neighbour's connection that waits at a relay for the function. */
export type Introduction = ForwardRequest & { readonly place: RelayPlace };

/**
 * How many origins are remembered with their overlay address, and for how long. The seed may give the address
 * to another host one day.
 */
const MAX_ORIGINS = 1024;
const REMEMBERED_MS = 60_000;

/**
 * Tells the function which connections it has to fetch. The first connection of an origin is announced
 * through the seed, which gives the origin its overlay address. The following ones are announced to the
 * function directly, which saves one hop.
 */
export class Introducer {
  readonly #overlay: Overlay;
  readonly #known = new Map<string, { readonly overlay: string; readonly until: number }>();
  #session: Session | undefined;

  /** `session` resolves when the function has connected. */
  constructor(overlay: Overlay, session: Promise<Session>) {
    this.#overlay = overlay;
    session.then(
      (connected) => {
        this.#session = connected;
      },
      () => undefined,
    );
  }

  /** Rejects with ControlError, whose errno is the guest's answer. */
  async introduce(introduction: Introduction): Promise<void> {
    const { origin, port, place } = introduction;
    const known = this.#known.get(origin.address);
    if (!this.#session || !known || known.until < Date.now()) return this.#introduceBySeed(introduction);
    await this.#session.request(Introduce, {
      port,
      ...place,
      peer: { address: known.overlay, port: origin.port },
    });
  }

  async #introduceBySeed(introduction: Introduction): Promise<void> {
    const { address } = introduction.origin;
    const { origin: overlay } = await this.#overlay.forward(introduction);
    this.#known.delete(address);
    this.#known.set(address, { overlay, until: Date.now() + REMEMBERED_MS });
    const oldest = this.#known.keys().next();
    if (this.#known.size > MAX_ORIGINS && !oldest.done) this.#known.delete(oldest.value);
  }
}
