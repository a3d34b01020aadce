import { randomBytes } from 'node:crypto';
import { ControlError } from '../../control/control-error.ts';
import type { Offer } from '../../protocol/offer.ts';
import {
  AskToMeet,
  type Counterpart,
  type MeetRequest,
  Punch,
  type PunchIntroduction,
} from '../../protocol/punch.ts';
import { type Attachment, isVisible, type NodeRecord, type NodeSession } from '../nodes/node-record.ts';
import type { NodeRegistry } from '../nodes/node-registry.ts';

/** How long the other node may take to reply, ms. */
const ANSWER_TIMEOUT = 2000;

/** Introduces two nodes to each other, so that they can communicate without the seed. */
export class Meetings {
  readonly #registry: NodeRegistry;
  /** Pairs of node ids, the smaller id first. */
  readonly #underWay = new Set<string>();

  constructor(registry: NodeRegistry) {
    this.#registry = registry;
  }

  /**
   * Sends each node the offer of the other, and a fresh key to both. Rejects with ControlError: EHOSTUNREACH
   * if the other node is not up, EALREADY if it has asked for the same meeting, EOPNOTSUPP if the nodes reach
   * the seed from different sides, ENOSYS if the other node does not handle meetings.
   */
  async meet(
    node: NodeRecord,
    from: Attachment,
    { to, offer }: MeetRequest,
    signal: AbortSignal,
  ): Promise<Counterpart> {
    const { other, session } = this.#find(node, from, to);
    const pair = [node.id, other.id].sort((a, b) => a - b).join('/');
    if (this.#underWay.has(pair)) throw new ControlError('EALREADY', `${to} is meeting this node already`);
    this.#underWay.add(pair);
    try {
      const credentials = {
        identity: `peer/${node.id}/${other.id}/${randomBytes(16).toString('hex')}`,
        key: randomBytes(32).toString('hex'),
      };
      const caller = { nodeId: node.id, address: node.address, offer: vouched(from, offer), ...credentials };
      const answer = await session.request(AskToMeet, caller, { signal, timeout: ANSWER_TIMEOUT });
      const { host } = other;
      if (!host) throw new ControlError('EHOSTUNREACH', `${to} has gone`);
      const answered = vouched(host, answer.offer);
      return { nodeId: other.id, address: other.address, offer: answered, ...credentials };
    } finally {
      this.#underWay.delete(pair);
    }
  }

  /**
   * Passes on an introduction because the connection between the two nodes has broken. Rejects with the
   * errors of `meet`, EACCES for an address that is not the node's own, or the acceptor's errors.
   */
  async punch(
    node: NodeRecord,
    from: Attachment,
    introduction: PunchIntroduction,
    signal: AbortSignal,
  ): Promise<{ readonly port?: number | undefined }> {
    const { session } = this.#find(node, from, introduction.to ?? '');
    const own =
      introduction.from.address === from.observed.address && introduction.peer.address === node.address;
    if (!own) throw new ControlError('EACCES', `${introduction.from.address} is not where this node is seen`);
    return session.request(Punch, introduction, { signal, timeout: ANSWER_TIMEOUT });
  }

  #find(node: NodeRecord, from: Attachment, address: string): { other: NodeRecord; session: NodeSession } {
    const other = this.#registry.at(address);
    const session = other?.host?.session;
    if (!other || !session || other.id === node.id || !isVisible(node, other))
      throw new ControlError('EHOSTUNREACH', `no node with the address ${address} is up`);
    if (other.host?.side !== from.side)
      throw new ControlError('EOPNOTSUPP', `only one of the two is on the networks of the seed`);
    return { other, session };
  }
}

/**
 * Returns the offer with the address that the seed itself observed, so that no node can make others connect
 * to a third host.
 */
function vouched({ observed, filtering }: Attachment, offer: Offer): Offer {
  return { ...offer, publicAddress: observed.address, filtering };
}
