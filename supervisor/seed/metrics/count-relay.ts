import type { Relay } from '../../network/relay/relay.ts';

/** The same relay; `carried` says how many bytes those of its flows carried that ended. */
export function countRelay(relay: Relay): { readonly relay: Relay; carried(): number } {
  let bytes = 0;
  const join: Relay['join'] = (lease, near, far) => {
    const flow = relay.join(lease, near, far);
    void flow.done.then(({ sent, received }) => {
      bytes += sent + received;
    });
    return flow;
  };
  return { relay: { ...relay, join }, carried: () => bytes };
}
