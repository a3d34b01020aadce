import type { Member, Overlay } from '../membership/join.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { errnoNameOf } from '../service/errno.ts';
import type { ServiceAnswer } from '../service/server.ts';
import type { ServiceRequest } from '../service/wire.ts';
import { createBoundConnections } from './bound-connections.ts';
import { type Choice, relay } from './choose.ts';
import type { FlowNameTable } from './flow-names.ts';
import type { Pairs } from './pairs.ts';
import type { Puncher } from './punch/puncher.ts';

interface ConnectorOptions {
  readonly overlay: Overlay;
  readonly flows: FlowNameTable;
  readonly puncher: Puncher;
  readonly pairs: Pairs;
}

/** Answers the guest's control calls about connections that it opens, and about names. */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #boundConnections = createBoundConnections();

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /**
   * BOXER_CONNECT: resolves to the endpoint to which the guest's socket has to connect. Rejects with the
   * errno for the guest's connect().
   */
  async connect(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer> {
    const { peer } = request;
    const bound = request.local.port;
    if (bound !== 0 && this.#boundConnections.has(bound, peer))
      throw new BoxerError(
        'EADDRNOTAVAIL',
        `port ${bound} is connected to ${peer.address}:${peer.port} already`,
      );
    const answer = await this.#path(request, signal);
    if (bound !== 0 && answer.peer) this.#boundConnections.add(bound, peer, answer.peer);
    return answer;
  }

  namesOf({ local, peer }: ServiceRequest): ServiceAnswer {
    const { overlay, flows } = this.#options;
    const known = flows.find(local, peer);
    const member = known ? undefined : this.#memberAt(peer.address);
    if (!known && !member) throw new BoxerError('ENOENT', 'no overlay connection');
    return {
      local: known?.local ?? { address: overlay.address, port: local.port },
      peer: known?.peer ?? { address: member ?? peer.address, port: peer.port },
    };
  }

  async resolve({ name }: ServiceRequest): Promise<ServiceAnswer> {
    return { addresses: await this.#options.overlay.resolve(name) };
  }

  async reverse({ peer }: ServiceRequest): Promise<ServiceAnswer> {
    const member = this.#member(peer.address);
    // The seed knows the answer of Docker's resolver. While the seed is away, a service's name is better than
    // none.
    const known = await this.#options.overlay.reverse(peer.address).catch((error: unknown) => {
      if (member) return [];
      throw error;
    });
    const name = known[0] ?? member?.names[0];
    if (name === undefined) throw new BoxerError('ENOENT', `no name for ${peer.address}`);
    return { name };
  }

  /** Returns the endpoint to which the guest's socket has to connect: a punched one, or a relay. */
  async #path(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer> {
    const { overlay, flows, pairs } = this.#options;
    const { peer, local } = request;
    let refusal: unknown;
    const answer = await this.#punch(request).catch((error: unknown): Choice => {
      // The seed knows whether another program has the node's ports. While the seed is away, the refusal
      // holds.
      if (errnoNameOf(error) !== 'ECONNREFUSED' || !overlay.isLinked) throw error;
      refusal = error;
      return relay('the other node refused a punch');
    });
    signal.throwIfAborted();
    if (!('transport' in answer)) return answer;
    const from = local.port === 0 ? undefined : local.port;
    const place = await overlay.connect(peer.address, peer.port, { signal, from }).catch((error: unknown) => {
      throw refusal ?? error;
    });
    flows.rememberInitiated(place, peer);
    pairs.count(peer.address, 'relay', answer.why);
    return { peer: place };
  }

  /**
   * Punches if the facts and the meeting of the two nodes allow it; otherwise returns the reason why the
   * relay has to be used.
   */
  async #punch(request: ServiceRequest): Promise<ServiceAnswer | Choice> {
    const member = this.#member(request.peer.address);
    if (!member) return relay('not a node of the overlay');
    if (member.state === 'starting') return relay('the other node is starting');
    if (request.noPunch) return relay('the ports of earlier attempts were taken');
    return this.#options.puncher.connect(request, member);
  }

  #member(address: string): Member | undefined {
    return [...this.#options.overlay.members().values()].find((member) => member.address === address);
  }

  /**
   * Direct connections arrive from the address that the seed observed. The address identifies a node only if
   * no other node has it.
   */
  #memberAt(underlay: string): string | undefined {
    const found = [...this.#options.overlay.members().values()].filter(
      (member) => member.underlay === underlay,
    );
    return found.length === 1 ? found[0]?.address : undefined;
  }
}
