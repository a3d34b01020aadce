import type { Endpoint } from '../control/endpoint.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { Addon } from '../service/addon.ts';
import type { ServiceAnswer } from '../service/server.ts';
import { Operation, type ServiceRequest } from '../service/wire.ts';
import type { Connector } from './connector.ts';
import type { FlowNameTable } from './flow-names.ts';
import { openTogether } from './punch/open-together.ts';
import { pipeFlow } from './relay/pipe.ts';
import { dial, type Unread, type UnreadAddon } from './unread.ts';

/**
 * The address of the ports where guests' sockets wait for their far end. Nothing else on this host listens
 * there.
 */
const WAITING_ADDRESS = '127.66.79.90';
/**
 * How long a place waits for the guest's socket, ms. A process monitor connects the socket right after it has
 * asked for the place.
 */
const COMING_TIMEOUT = 10_000;
/** How long this process tries to reach the far end, ms; longer than a guest's kernel tries. */
const PATIENCE = 180_000;
const MAX_PLACES = 256;
/**
 * How long an answer is kept for a later `place`, ms: from the answer on, and from when its caller has
 * stopped waiting. The far end may already have a connection by this answer.
 */
const ADOPTION = 2000;
const ANY: Endpoint = { address: '0.0.0.0', port: 0 };

export interface LateConnectorOptions {
  readonly addon: UnreadAddon & Pick<Addon, 'deafListener'>;
  readonly connector: Pick<Connector, 'connect'>;
  readonly flows: FlowNameTable;
}

/**
 * Completes connections whose callers have stopped waiting, because a signal handler ended connect() with
 * EINTR, or SO_SNDTIMEO ended it with EINPROGRESS. POSIX requires that the connection is established all the
 * same, and that poll() and connect() report it. Until then the guest's socket waits at a port that answers
 * nothing. Then this process opens its end from that port (RFC 9293, simultaneous open) and carries the
 * bytes.
 */
export interface LateConnector {
  /**
   * BOXER_CONNECT: like `Connector.connect`, but keeps an answer that its caller does not wait for, for a
   * later `place`.
   */
  connect(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer>;
  /**
   * BOXER_CONNECT_LATER: opens a place for the guest's socket.
   * @throws BoxerError EAGAIN if there are too many places.
   */
  place(request: ServiceRequest): ServiceAnswer;
  /** BOXER_UNDER_WAY: the guest's socket waits at its place now. */
  underWay(request: ServiceRequest): ServiceAnswer;
  close(): void;
}

/** The answer to a connect() that its caller may not wait for. */
interface Question {
  readonly answer: Promise<ServiceAnswer>;
  readonly cancel: AbortController;
}

interface Place {
  readonly question: Question | undefined;
  readonly request: ServiceRequest;
  readonly at: Endpoint;
  /** Closes the place, so that a socket which waits there is refused. Idempotent. */
  leave(): void;
}

export function createLateConnector({ addon, connector, flows }: LateConnectorOptions): LateConnector {
  const stop = new AbortController();
  /** By the inode of the guest's socket: places at which no socket waits yet. */
  const coming = new Map<bigint, Place>();
  /** By the inode of the guest's socket: the latest question of each socket. */
  const questions = new Map<bigint, Question>();
  let places = 0;

  function forget(inode: bigint, question: Question): boolean {
    return questions.get(inode) === question && questions.delete(inode);
  }

  function openPlace(request: ServiceRequest): Place {
    const fd = addon.deafListener(WAITING_ADDRESS);
    places += 1;
    const timer = setTimeout(() => giveUp(request.inode, place), COMING_TIMEOUT).unref();
    let isOpen = true;
    const question = questions.get(request.inode);
    questions.delete(request.inode);
    const place = {
      question,
      request,
      at: { address: WAITING_ADDRESS, port: addon.localPort(fd) },
      leave() {
        if (!isOpen) return;
        isOpen = false;
        clearTimeout(timer);
        places -= 1;
        addon.close(fd, 0);
      },
    };
    return place;
  }

  function giveUp(inode: bigint, place: Place): void {
    if (coming.get(inode) !== place) return;
    coming.delete(inode);
    place.leave();
    place.question?.cancel.abort(new Error('nobody goes on with it'));
  }

  function ask(request: ServiceRequest, noPunch: boolean, signal: AbortSignal): Promise<ServiceAnswer> {
    return connector.connect({ ...request, operation: Operation.connect, local: ANY, noPunch }, signal);
  }

  async function dialAs({ local, peer = ANY }: ServiceAnswer, signal: AbortSignal): Promise<Unread> {
    return dial(addon, { family: 4, localPort: local?.port ?? 0, ...peer }, signal).connection;
  }

  /** Opens the connection to the far end as a process monitor would. */
  async function reach({ question, request }: Place, signal: AbortSignal): Promise<Unread> {
    const answer = await (question?.answer ?? ask(request, false, signal));
    if (!answer.retry) return dialAs(answer, signal);
    const timely = AbortSignal.any([signal, AbortSignal.timeout(answer.retry)]);
    const punched = await openTogether(() => dialAs(answer, timely), timely).catch(() => undefined);
    return punched ?? dialAs(await ask(request, true, signal), signal);
  }

  async function carry(place: Place, guest: Endpoint): Promise<void> {
    const { request, at } = place;
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(PATIENCE)]);
    const far = await reach(place, signal).finally(place.leave);
    try {
      flows.rememberInitiated(at, request.peer, guest.port);
      const target = { family: 4, localAddress: at.address, localPort: at.port, ...guest } as const;
      const near = await dial(addon, target, signal).connection;
      void pipeFlow(far.stream(), near.stream(), { signal: stop.signal });
    } catch (error) {
      // The guest has closed its socket.
      far.reset();
      throw error;
    }
  }

  return {
    connect(request, signal) {
      const cancel = new AbortController();
      const question = { answer: connector.connect(request, cancel.signal), cancel };
      questions.set(request.inode, question);
      const giveUp = () => {
        if (forget(request.inode, question)) cancel.abort(signal.reason);
      };
      signal.addEventListener('abort', () => void setTimeout(giveUp, ADOPTION).unref(), { once: true });
      const keep = () => void setTimeout(forget, ADOPTION, request.inode, question).unref();
      question.answer.then(keep, keep);
      return question.answer;
    },
    place(request) {
      if (places >= MAX_PLACES) throw new BoxerError('EAGAIN', `${places} connects wait already`);
      const before = coming.get(request.inode);
      if (before) giveUp(request.inode, before);
      const place = openPlace(request);
      coming.set(request.inode, place);
      return { peer: place.at };
    },
    underWay({ inode, local }) {
      const place = coming.get(inode);
      if (!place) throw new BoxerError('ENOENT', 'no place was asked for');
      coming.delete(inode);
      // The guest sees the result at its socket.
      carry(place, local).catch(() => undefined);
      return {};
    },
    close() {
      stop.abort(new Error('the node ends'));
      for (const [inode, place] of coming) giveUp(inode, place);
    },
  };
}
