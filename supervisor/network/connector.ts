import type { Overlay } from '../membership/join.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { errnoNameOf } from '../service/errno.ts';
import type { ServiceAnswer } from '../service/server.ts';
import type { ServiceRequest } from '../service/wire.ts';
import { createBoundConnections } from './bound-connections.ts';
import type { Choice } from './choose.ts';
import type { FlowNameTable } from './flow-names.ts';
import type { Pairs } from './pairs.ts';
import type { Puncher } from './punch/puncher.ts';

/** Answers the guest's control calls about connections that it opens, and about names. */
export interface Connector {
  connect(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer>;
  namesOf(request: ServiceRequest): ServiceAnswer;
  resolve(request: ServiceRequest): Promise<ServiceAnswer>;
  reverse(request: ServiceRequest): Promise<ServiceAnswer>;
}

interface ConnectorOptions {
  readonly overlay: Overlay;
  readonly flows: FlowNameTable;
  readonly puncher: Puncher;
  readonly pairs: Pairs;
}

export function createConnector({ overlay, flows, puncher, pairs }: ConnectorOptions): Connector {
  const boundConnections = createBoundConnections();

  /** Punched where facts and the meeting of the two allow it; otherwise why not. */
  async function punched(request: ServiceRequest): Promise<ServiceAnswer | Choice> {
    const relay = (why: string): Choice => ({ transport: 'relay', why });
    const member = [...overlay.members().values()].find(({ address }) => address === request.peer.address);
    if (!member) return relay('not a node of the overlay');
    if (member.state === 'starting') return relay('the other node is starting');
    if (request.noPunch) return relay('the ports of earlier attempts were taken');
    return puncher.connect(request, member);
  }

  async function wayOf(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer> {
    const { peer, local } = request;
    const way = await punched(request).catch((error: unknown): Choice => {
      // The seed knows whether anybody else has the node's ports.
      if (errnoNameOf(error) !== 'ECONNREFUSED') throw error;
      return { transport: 'relay', why: 'the other node refused a punch' };
    });
    signal.throwIfAborted();
    if (!('transport' in way)) return way;
    const from = local.port === 0 ? undefined : local.port;
    const relay = await overlay.connect(peer.address, peer.port, { signal, from });
    flows.rememberInitiated(relay, peer);
    pairs.count(peer.address, 'relay', way.why);
    return { peer: relay };
  }

  /** Direct connections arrive from the address that the seed observed; it names a node only if one node has it. */
  function memberAt(underlay: string): string | undefined {
    const found = [...overlay.members().values()].filter((member) => member.underlay === underlay);
    return found.length === 1 ? found[0]?.address : undefined;
  }

  return {
    async connect(request, signal) {
      const { peer } = request;
      const bound = request.local.port;
      if (bound !== 0 && boundConnections.has(bound, peer))
        throw new BoxerError(
          'EADDRNOTAVAIL',
          `port ${bound} is connected to ${peer.address}:${peer.port} already`,
        );
      const answer = await wayOf(request, signal);
      if (bound !== 0 && answer.peer) boundConnections.add(bound, peer, answer.peer);
      return answer;
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
      // The seed knows what Docker's resolver says; without it, a service's name is better than none.
      const told = await overlay.reverse(peer.address).catch((error: unknown) => {
        if (member) return [];
        throw error;
      });
      const name = told[0] ?? member?.names[0];
      if (name === undefined) throw new BoxerError('ENOENT', `no name for ${peer.address}`);
      return { name };
    },
  };
}
