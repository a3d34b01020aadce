import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlError, codeOf } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import type { Overlay, PunchIntroduction } from '../../membership/join.ts';
import type { PortPair } from '../../protocol/offer.ts';
import { Punch } from '../../protocol/punch.ts';
import type { Order } from '../choose.ts';
import { nearbyIntroduction } from './nearby.ts';
import type { Peer } from './peer.ts';

/**
 * The time between the introduction and the guest's packet, ms, in which the acceptor's packet opens its NAT.
 * A busy supervisor adds some delay of its own.
 */
const HEAD_START = 2;
/** How long a guest waits for its peer's answer, ms. */
const ANSWER_TIMEOUT = 3000;

export interface Initiation {
  readonly overlay: Overlay;
  readonly peer: Peer;
  readonly order: Order;
  /** The guest's port for this connection. */
  readonly from: PortPair;
  /** The other node's port for this connection. */
  readonly inboundPort: PortPair;
  readonly destination: Endpoint;
  /** Called when the introduction fails after the guest's first packet has left. */
  readonly onLost: (error: unknown) => void;
}

/**
 * Introduces the guest's connection. Resolves when the guest may connect, according to `order`. Rejects with
 * the acceptor's errno, or with that of a broken connection to the acceptor. In both cases no packet of the
 * guest has left.
 */
export async function initiate(initiation: Initiation): Promise<void> {
  const { overlay, peer, order, from, inboundPort, destination, onLost } = initiation;
  const introduction: PunchIntroduction = {
    id: randomBytes(12).toString('hex'),
    port: destination.port,
    at: inboundPort.local,
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

/**
 * Sends an introduction. Resolves to the port where the acceptor listens, or to undefined if it does not
 * listen. If the connection to the acceptor breaks, sends the introduction once more, through the seed.
 */
export async function introduce(
  overlay: Overlay,
  peer: Peer,
  introduction: PunchIntroduction,
): Promise<number | undefined> {
  const started = performance.now();
  try {
    const answer = await peer.session.request(Punch, introduction, { timeout: ANSWER_TIMEOUT });
    peer.saw(performance.now() - started);
    return answer.port;
  } catch (error) {
    if (codeOf(error) !== 'ECONNRESET') throw error;
    return overlay.punch({ ...introduction, to: peer.address });
  }
}

/**
 * Introduces a connection to a node on the same network. The acceptor listens for this one connection of this
 * node, and the guest connects there as to any host. Resolves to the endpoint where the acceptor listens.
 */
export async function initiateNearby(overlay: Overlay, peer: Peer, destination: Endpoint): Promise<Endpoint> {
  const id = randomBytes(12).toString('hex');
  const introduction = nearbyIntroduction(id, destination.port, peer.ownAddress, overlay.address);
  const port = await introduce(overlay, peer, introduction);
  if (port === undefined) throw new ControlError('EPROTO', `${peer.address} does not say where it listens`);
  return { address: peer.peerAddress, port };
}
