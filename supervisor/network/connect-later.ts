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

/** Where sockets wait for their far end: nobody else of this host listens on that address. */
const WAITING_ADDRESS = '127.66.79.90';
/** A process monitor that has asked for a place connects to it at once, ms. */
const COMING_TIMEOUT = 10_000;
/** Longer than a guest's kernel tries, ms. */
const PATIENCE = 180_000;
const MAX_PLACES = 256;
/** An answer that its asker did not wait for is there for so long, ms: the far end may have a connection by it already. */
const ADOPTION = 2000;
const ANY: Endpoint = { address: '0.0.0.0', port: 0 };

export interface LateConnectorOptions {
  readonly addon: UnreadAddon & Pick<Addon, 'deafListener'>;
  readonly connector: Pick<Connector, 'connect'>;
  readonly flows: FlowNameTable;
}

/**
 * Goes on with connects whose callers have stopped waiting: a handler has ended connect() with EINTR, or SO_SNDTIMEO with EINPROGRESS.
 * POSIX has the connection come about all the same, and poll() and connect() tell when. Until then the guest's socket waits at a
 * port that answers nothing; then this process opens its end from that port (RFC 9293, simultaneous open), and carries the bytes.
 */
export interface LateConnector {
  /** BOXER_CONNECT, as `Connector.connect`; what its caller does not wait for is there for who goes on with it. */
  connect(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer>;
  /** BOXER_CONNECT_LATER: a place for the guest's socket. Throws BoxerError EAGAIN where there are too many. */
  place(request: ServiceRequest): ServiceAnswer;
  /** BOXER_UNDER_WAY: the guest's socket waits at its place. */
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
  /** Whoever waits there is refused from now on. Idempotent. */
  leave(): void;
}

export function createLateConnector({ addon, connector, flows }: LateConnectorOptions): LateConnector {
  const stop = new AbortController();
  /** By the inode of the guest's socket, those that nobody waits at yet. */
  const coming = new Map<bigint, Place>();
  /** By the inode of the guest's socket, the last one of each. */
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

  /** As the process monitor does it. */
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
      // What becomes of it the guest sees at its socket.
      carry(place, local).catch(() => undefined);
      return {};
    },
    close() {
      stop.abort(new Error('the node ends'));
      for (const [inode, place] of coming) giveUp(inode, place);
    },
  };
}
