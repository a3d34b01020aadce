import type { Overlay } from '../coordination/join.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { ServiceAnswer } from '../service/server.ts';
import type { ServiceRequest } from '../service/wire.ts';
import type { FlowNameTable } from './flow-names.ts';

/** Answers the guest's control calls about connections that it opens, and about names. */
export interface Connector {
  connect(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer>;
  namesOf(request: ServiceRequest): ServiceAnswer;
  resolve(request: ServiceRequest): Promise<ServiceAnswer>;
  reverse(request: ServiceRequest): Promise<ServiceAnswer>;
}

export function createConnector(overlay: Overlay, flows: FlowNameTable): Connector {
  /** Direct connections arrive from the address that the seed observed; it names a node only if one node has it. */
  function memberAt(underlay: string): string | undefined {
    const found = [...overlay.members().values()].filter((member) => member.underlay === underlay);
    return found.length === 1 ? found[0]?.address : undefined;
  }

  return {
    async connect({ peer }, signal) {
      const relay = await overlay.connect(peer.address, peer.port, { signal });
      flows.rememberInitiated(relay, peer);
      return { peer: relay };
    },

    namesOf({ local, peer }) {
      const known = flows.find(local, peer);
      const member = known ? undefined : memberAt(peer.address);
      if (!known && !member) throw new BoxerError('ENOENT', 'no overlay connection');
      return {
        local: known?.local ?? { address: overlay.address, port: local.port },
        peer: known?.peer ?? { address: member ?? peer.address, port: peer.port },
      };
    },

    async resolve({ name }) {
      return { addresses: await overlay.resolve(name) };
    },

    async reverse({ peer }) {
      const member = [...overlay.members().values()].find(({ address }) => address === peer.address);
      const name = member?.names[0] ?? (await overlay.reverse(peer.address))[0];
      if (name === undefined) throw new BoxerError('ENOENT', `no name for ${peer.address}`);
      return { name };
    },
  };
}
