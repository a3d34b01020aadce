import { ControlError } from '../control/control-error.ts';
import type { Session } from '../control/session.ts';
import { openFlow } from '../network/relay/open-flow.ts';
import type { Relay } from '../network/relay/relay.ts';
import { RelayAbandon, RelayOpen, RelayReset } from '../protocol/relay.ts';

/**
 * Opens flows at `relay` when the seed asks for them. Established flows outlive the session; flows that still
 * wait for an end are given up with it.
 */
export function serveSeed(session: Session, relay: Relay): void {
  /** By token: aborting ends the wait for the acceptor. */
  const opening = new Map<string, AbortController>();

  session.handle(RelayOpen, async ({ from, initiator, acceptor, token, timeout }) => {
    if (opening.has(token)) throw new ControlError('EEXIST', 'the token is in use');
    const cancel = new AbortController();
    opening.set(token, cancel);
    try {
      const flow = await openFlow(relay, { from, initiator, acceptor, timeout });
      relay
        .expect(token, { signal: cancel.signal, timeout })
        .then(flow.join, flow.abandon)
        .finally(() => opening.delete(token));
      return { port: flow.port };
    } catch (error) {
      opening.delete(token);
      throw error;
    }
  });
  session.onNotification(RelayAbandon, ({ token }) => {
    opening.get(token)?.abort(new ControlError('ECONNABORTED', 'the far end cannot be reached'));
  });
  session.onNotification(RelayReset, ({ party }) => relay.reset(party));
}
