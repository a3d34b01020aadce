import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import type { Overlay, PunchIntroduction } from '../../membership/join.ts';
import type { PortPair } from '../../protocol/offer.ts';
import { Punch } from '../../protocol/punch.ts';
import type { ServiceAnswer } from '../../service/server.ts';
import type { Order } from '../choose.ts';
import type { Peer } from './peers.ts';

/** The acceptor's packet should have opened its NAT when the guest's arrives: a moment more than a busy supervisor needs, ms. */
const HEAD_START = 2;
/** A peer that does not answer for so long, ms, is no way for a guest. */
const ANSWER_TIMEOUT = 3000;

export interface Initiation {
  readonly overlay: Overlay;
  readonly peer: Peer;
  readonly order: Order;
  /** The guest's own port for this connection. */
  readonly from: PortPair;
  /** The other node's. */
  readonly door: PortPair;
  readonly destination: Endpoint;
  /** The introduction failed after the guest's first packet had left. */
  readonly onLost: (error: unknown) => void;
}

/**
 * Introduces the guest's connection; resolves when its order says that the guest may connect. Rejects with the acceptor's errno, or that of a
 * connection to it which broke: then nothing of the guest's has left.
 */
export async function initiate(initiation: Initiation): Promise<void> {
  const { overlay, peer, order, from, door, destination, onLost } = initiation;
  const introduction: PunchIntroduction = {
    id: randomBytes(12).toString('hex'),
    port: destination.port,
    at: door.local,
    from: { address: peer.ownAddress, port: from.public },
    peer: { address: overlay.address, port: from.local },
    underWay: order !== 'answered',
  };
  const introduced = introduce(overlay, peer, introduction);
  if (order === 'answered') {
    await introduced;
    return;
  }
  if (order === 'at once') {
    introduced.catch(onLost);
    return;
  }
  const moment = new AbortController();
  await Promise.race([introduced, delay(HEAD_START, undefined, { signal: moment.signal })]);
  moment.abort();
  introduced.catch(onLost);
}

/** Resolves to the port where the acceptor listens, if it does. One that was lost with its connection is repeated once, by the seed. */
export async function introduce(
  overlay: Overlay,
  peer: Peer,
  introduction: PunchIntroduction,
): Promise<number> {
  const started = performance.now();
  try {
    const answer = await peer.session.request(Punch, introduction, { timeout: ANSWER_TIMEOUT });
    peer.rtt = Math.min(peer.rtt ?? Number.POSITIVE_INFINITY, performance.now() - started);
    return answer.port ?? 0;
  } catch (error) {
    if (codeOf(error) !== 'ECONNRESET') throw error;
    return overlay.punch({ ...introduction, to: peer.address });
  }
}

/** Both are on one network: the other end listens, for this connection and this node only, and the guest connects as to any host. */
export async function initiateNearby(
  overlay: Overlay,
  peer: Peer,
  destination: Endpoint,
): Promise<ServiceAnswer> {
  const port = await introduce(overlay, peer, {
    id: randomBytes(12).toString('hex'),
    port: destination.port,
    at: 0,
    from: { address: peer.ownAddress, port: 1 },
    peer: { address: overlay.address, port: 1 },
    underWay: false,
  });
  return { peer: { address: peer.peerAddress, port } };
}
