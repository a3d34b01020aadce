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

/**
 * Completes connections whose callers have stopped waiting, because a signal handler ended connect() with
 * EINTR, or SO_SNDTIMEO ended it with EINPROGRESS. POSIX requires that the connection is established all the
 * same, and that poll() and connect() report it. Until then the guest's socket waits at a port that answers
 * nothing. Then this process opens its end from that port (RFC 9293, simultaneous open) and carries the
 * bytes.
 */
export class LateConnector {
  readonly #addon: LateConnectorOptions['addon'];
  readonly #connector: LateConnectorOptions['connector'];
  readonly #flows: FlowNameTable;
  readonly #stop = new AbortController();
  /** By the inode of the guest's socket: places at which no socket waits yet. */
  readonly #coming = new Map<bigint, Place>();
  /** By the inode of the guest's socket: the latest question of each socket. */
  readonly #questions = new Map<bigint, Question>();
  /** Number of open places. */
  #places = 0;

  constructor({ addon, connector, flows }: LateConnectorOptions) {
    this.#addon = addon;
    this.#connector = connector;
    this.#flows = flows;
  }

  /**
   * BOXER_CONNECT: like `Connector.connect`, but keeps an answer that its caller does not wait for, for a
   * later `place`.
   */
  connect(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer> {
    const cancel = new AbortController();
    const question = { answer: this.#connector.connect(request, cancel.signal), cancel };
    this.#questions.set(request.inode, question);
    const giveUp = () => {
      if (this.#forget(request.inode, question)) cancel.abort(signal.reason);
    };
    signal.addEventListener('abort', () => void setTimeout(giveUp, ADOPTION).unref(), { once: true });
    const keep = () => void setTimeout(() => this.#forget(request.inode, question), ADOPTION).unref();
    question.answer.then(keep, keep);
    return question.answer;
  }

  /**
   * BOXER_CONNECT_LATER: opens a place for the guest's socket.
   * @throws BoxerError EAGAIN if there are too many places.
   */
  place(request: ServiceRequest): ServiceAnswer {
    if (this.#places >= MAX_PLACES) throw new BoxerError('EAGAIN', `${this.#places} connects wait already`);
    const before = this.#coming.get(request.inode);
    if (before) this.#giveUp(request.inode, before);
    const place = this.#openPlace(request);
    this.#coming.set(request.inode, place);
    return { peer: place.at };
  }

  /** BOXER_UNDER_WAY: the guest's socket waits at its place now. */
  underWay({ inode, local }: ServiceRequest): ServiceAnswer {
    const place = this.#coming.get(inode);
    if (!place) throw new BoxerError('ENOENT', 'no place was asked for');
    this.#coming.delete(inode);
    // The guest sees the result at its socket.
    this.#carry(place, local).catch(() => undefined);
    return {};
  }

  close(): void {
    this.#stop.abort(new Error('the node ends'));
    for (const [inode, place] of this.#coming) this.#giveUp(inode, place);
  }

  #forget(inode: bigint, question: Question): boolean {
    return this.#questions.get(inode) === question && this.#questions.delete(inode);
  }

  #openPlace(request: ServiceRequest): Place {
    const fd = this.#addon.deafListener(WAITING_ADDRESS);
    this.#places += 1;
    const timer = setTimeout(() => this.#giveUp(request.inode, place), COMING_TIMEOUT).unref();
    let isOpen = true;
    const question = this.#questions.get(request.inode);
    this.#questions.delete(request.inode);
    const place = {
      question,
      request,
      at: { address: WAITING_ADDRESS, port: this.#addon.localPort(fd) },
      leave: () => {
        if (!isOpen) return;
        isOpen = false;
        clearTimeout(timer);
        this.#places -= 1;
        this.#addon.close(fd, 0);
      },
    };
    return place;
  }

  #giveUp(inode: bigint, place: Place): void {
    if (this.#coming.get(inode) !== place) return;
    this.#coming.delete(inode);
    place.leave();
    place.question?.cancel.abort(new Error('nobody goes on with it'));
  }

  /** Carries the bytes between the guest's socket, which is bound to `guest`, and the far end. */
  async #carry(place: Place, guest: Endpoint): Promise<void> {
    const { request, at } = place;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(PATIENCE)]);
    const far = await this.#reach(place, signal).finally(place.leave);
    try {
      this.#flows.rememberInitiated(at, request.peer, guest.port);
      const target = { family: 4, localAddress: at.address, localPort: at.port, ...guest } as const;
      const near = await dial(this.#addon, target, signal).connection;
      void pipeFlow(far.stream(), near.stream(), { signal: this.#stop.signal });
    } catch (error) {
      // The guest has closed its socket.
      far.reset();
      throw error;
    }
  }

  /** Opens the connection to the far end as a process monitor would. */
  async #reach({ question, request }: Place, signal: AbortSignal): Promise<Unread> {
    const answer = await (question?.answer ?? this.#ask(request, false, signal));
    if (!answer.retry) return this.#dialAs(answer, signal);
    const timely = AbortSignal.any([signal, AbortSignal.timeout(answer.retry)]);
    const punched = await openTogether(() => this.#dialAs(answer, timely), timely).catch(() => undefined);
    return punched ?? this.#dialAs(await this.#ask(request, true, signal), signal);
  }

  #ask(request: ServiceRequest, noPunch: boolean, signal: AbortSignal): Promise<ServiceAnswer> {
    const asked = { ...request, operation: Operation.connect, local: ANY, noPunch };
    return this.#connector.connect(asked, signal);
  }

  async #dialAs({ local, peer = ANY }: ServiceAnswer, signal: AbortSignal): Promise<Unread> {
    return dial(this.#addon, { family: 4, localPort: local?.port, ...peer }, signal).connection;
  }
}
