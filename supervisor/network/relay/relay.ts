import type { Socket } from 'node:net';
import { ControlError, codeOf } from '../../control/control-error.ts';
import type { WaitOptions } from '../../control/waiting.ts';
import type { RelaySettings } from '../../published/node-config.ts';
import { type DialInLimits, DialInPort } from './dial-in-port.ts';
import {
  defaultLimits,
  FlowAdmission,
  type FlowLimits,
  type Lease,
  type Party,
  type Refusal,
} from './flow-limits.ts';
import { type InitiatorPort, openInitiatorPort } from './initiator-port.ts';
import { type PortRange, portCycle } from './port-range.ts';
import { type Flow, type Pump, type PumpAddon, startPump } from './pump.ts';

export interface RelayLimits extends FlowLimits, DialInLimits {}

export interface RelayOptions {
  readonly addon: PumpAddon;
  /** All IPv4 addresses unless told otherwise. */
  readonly host?: string | undefined;
  /** The address to tell others, where one fits all. */
  readonly advertise?: string | undefined;
  /** The dial-in port; any free one unless told otherwise. */
  readonly port?: number | undefined;
  /** Where initiators' ports are taken from; any free ones unless told otherwise. */
  readonly ports?: PortRange | undefined;
  /** ms without a byte after which a flow is reset; 0, the default: a flow may idle for ever, as long as its ends live. */
  readonly idleTimeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
  /** Takes a line on refused flows now and then. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface RelayStatus {
  /** Flows that are carried or being opened. */
  readonly flows: number;
  /** Bytes that one end has sent and the other has not taken. */
  readonly bytes: number;
  /** Bytes that the flows carried which have ended. */
  readonly carried: number;
  readonly refused: ReadonlyMap<Refusal, number>;
}

interface InitiatorOptions extends WaitOptions {
  /** The initiator reaches every port of this host, and not only those of the range. */
  readonly anyPort?: boolean | undefined;
}

/** ms: a token that is lost comes 3 s later where the first packet of its connection was lost too (RFC 6298, 5.7), and may be lost again. */
const PREFACE_TIMEOUT = 8000;
const STRANGERS = { strangers: 512, prefaceTimeout: PREFACE_TIMEOUT };

/** Rejects with the system's error where no port can be had. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { host = '0.0.0.0', port = 0, signal } = options;
  const limits = { ...defaultLimits(), ...STRANGERS, ...options.limits };
  signal?.throwIfAborted();
  return new Relay(options, limits, await DialInPort.open(host, port, limits));
}

/** Makes one connection of two. */
export class Relay {
  /** The address to tell others. */
  readonly address: string;
  /** Acceptors connect here and write their token. */
  readonly port: number;
  readonly #host: string;
  readonly #dialIn: DialInPort;
  readonly #pump: Pump;
  readonly #admission: FlowAdmission;
  readonly #cycle: ReturnType<typeof portCycle> | undefined;
  readonly #initiators = new Set<InitiatorPort>();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.close();
  #carried = 0;
  #closed = false;

  constructor(options: RelayOptions, limits: RelayLimits, dialIn: DialInPort) {
    const { host = '0.0.0.0', advertise = host, idleTimeout = 0, log = () => undefined } = options;
    this.address = advertise;
    this.port = dialIn.number;
    this.#host = host;
    this.#dialIn = dialIn;
    this.#pump = startPump(options.addon, { flows: limits.flows, idleTimeout });
    this.#admission = new FlowAdmission(limits, () => this.#pump.held(), log);
    this.#cycle = options.ports && portCycle(options.ports);
    this.#signal = options.signal;
    this.#signal?.addEventListener('abort', this.#onAbort);
  }

  /** Takes a flow's place; errors as `FlowAdmission.admit`. */
  admit(initiator: Party, acceptor?: Party): Lease {
    return this.#admission.admit(initiator, acceptor);
  }

  /** Gives `take` every socket that dials in with `token`, which owns it then, until `signal` aborts. */
  serve(token: string, take: (socket: Socket) => void, signal: AbortSignal): void {
    this.#dialIn.serve(token, take, signal);
  }

  /** The acceptor that dials in with `token` (32 hex digits). Waits 10 s unless told otherwise. The caller owns the socket. */
  expect(token: string, options: WaitOptions = {}): Promise<Socket> {
    return this.#dialIn.expect(token, options);
  }

  /** A port for one connection of an initiator, see `openInitiatorPort`; of the range where there is one, unless `anyPort`. */
  async openInitiatorPort(
    observedAddress: string,
    { anyPort = false, ...waitOptions }: InitiatorOptions = {},
  ): Promise<InitiatorPort> {
    try {
      const ports = anyPort ? undefined : this.#cycle;
      const initiator = await openInitiatorPort(this.#host, observedAddress, waitOptions, ports);
      this.#initiators.add(initiator);
      initiator.connection.catch(() => undefined).finally(() => this.#initiators.delete(initiator));
      return initiator;
    } catch (error) {
      if (codeOf(error) !== 'EADDRNOTAVAIL') throw error;
      const message = `all ${this.#cycle?.size} ports of the relay are in use`;
      throw this.#admission.refuse('ports', 'EADDRNOTAVAIL', message);
    }
  }

  /** Makes one connection of two, in the lease's place; owns both sockets from now on. */
  join(lease: Lease, near: Socket, far: Socket): Flow {
    const flow = this.#pump.join(near, far);
    lease.hold(flow);
    void flow.done.then(({ sent, received }) => {
      this.#carried += sent + received;
    });
    return flow;
  }

  /** Resets the flows that `party` has a part in. */
  reset(party: Party): void {
    this.#admission.reset(party);
  }

  status(): RelayStatus {
    return {
      flows: this.#admission.size,
      bytes: this.#pump.held(),
      carried: this.#carried,
      refused: this.#admission.refusals(),
    };
  }

  /** Takes no flow any more, lets those that are there end for `grace` ms, then closes. */
  async drain(grace: number): Promise<void> {
    const timer = setTimeout(() => this.close(), grace);
    await Promise.race([this.#admission.drain(), this.#dialIn.closed()]);
    clearTimeout(timer);
    this.close();
  }

  /** Waits end with ECONNABORTED, flows are reset. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const reason = new ControlError('ECONNABORTED', 'the relay closed');
    this.#dialIn.close(reason);
    for (const initiator of this.#initiators) initiator.close(reason);
    this.#pump.close();
  }
}

/** The relay's part of a configuration, whose times are in seconds. */
export function relayOptionsOf(settings: RelaySettings | undefined): Partial<RelayOptions> {
  if (!settings) return {};
  const { port, ports, idleTimeout, flows } = settings;
  return {
    port,
    ports,
    idleTimeout: idleTimeout === undefined ? undefined : idleTimeout * 1000,
    limits: flows === undefined ? undefined : { flows: Math.min(flows, defaultLimits().flows) },
  };
}
