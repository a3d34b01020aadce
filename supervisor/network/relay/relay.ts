import type { Socket } from 'node:net';
import { ControlError, codeOf } from '../../control/control-error.ts';
import type { WaitOptions } from '../../control/waiting.ts';
import type { RelaySettings } from '../../published/node-config.ts';
import type { PumpAddon } from '../../service/pump-addon.ts';
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
import { PortCycle, type PortRange } from './port-range.ts';
import { type Flow, Pump } from './pump.ts';

export interface RelayLimits extends FlowLimits, DialInLimits {}

export interface RelayOptions {
  readonly addon: PumpAddon;
  /** The address to listen on; all IPv4 addresses by default. */
  readonly host?: string | undefined;
  /** The address at which nodes reach the relay, if it is the same for all of them. */
  readonly advertise?: string | undefined;
  /** The dial-in port; any free one by default. */
  readonly port?: number | undefined;
  /** The range of ports for initiators; the default is any free port. */
  readonly ports?: PortRange | undefined;
  /**
   * Time without a byte after which a flow is reset, ms. 0, the default: a flow may be idle forever, as long
   * as its ends live.
   */
  readonly idleTimeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
  /** Gets a line about some of the refused flows. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface RelayStatus {
  /** Flows that are carried or being opened. */
  readonly flows: number;
  /** Number of bytes that these flows hold: one end has sent them, and the other has not taken them. */
  readonly bytes: number;
  /** Number of bytes that flows have carried in both directions; a flow counts when it has ended. */
  readonly carried: number;
  /** Number of refused flows, by reason. */
  readonly refused: ReadonlyMap<Refusal, number>;
}

interface InitiatorOptions extends WaitOptions {
  /** If true, the initiator can reach every port of this host, not only those of the range. */
  readonly anyPort?: boolean | undefined;
}

/**
 * Time limit for a token, ms. A lost token is sent again after 3 s if the first packet of its connection was
 * lost too (RFC 6298, 5.7), and may be lost once more.
 */
const PREFACE_TIMEOUT = 8000;
const STRANGERS = { strangers: 512, prefaceTimeout: PREFACE_TIMEOUT };

/**
 * Opens the dial-in port. Rejects with the system's error if the port cannot be opened, or with the signal's
 * reason.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { host = '0.0.0.0', port = 0, signal } = options;
  const limits = { ...defaultLimits(), ...STRANGERS, ...options.limits };
  signal?.throwIfAborted();
  return new Relay(options, limits, await DialInPort.open(host, port, limits));
}

/** Joins pairs of connections into flows. */
export class Relay {
  /** The address at which nodes reach the relay. */
  readonly address: string;
  /** The port where acceptors connect and write their token. */
  readonly port: number;
  readonly #host: string;
  readonly #dialIn: DialInPort;
  readonly #pump: Pump;
  readonly #admission: FlowAdmission;
  readonly #cycle: PortCycle | undefined;
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
    this.#pump = new Pump(options.addon, { flows: limits.flows, idleTimeout });
    this.#admission = new FlowAdmission(limits, () => this.#pump.held(), log);
    this.#cycle = options.ports && new PortCycle(options.ports);
    this.#signal = options.signal;
    this.#signal?.addEventListener('abort', this.#onAbort);
  }

  /**
   * Takes a flow's place in the limits.
   * @throws ControlError; see `FlowAdmission.admit`.
   */
  admit(initiator: Party, acceptor?: Party): Lease {
    return this.#admission.admit(initiator, acceptor);
  }

  /** Gives every socket that dials in with `token` to `take`, which owns it, until `signal` aborts. */
  serve(token: string, take: (socket: Socket) => void, signal: AbortSignal): void {
    this.#dialIn.serve(token, take, signal);
  }

  /**
   * Waits for the acceptor that dials in with `token` (32 hex digits), for 10 s by default. The caller owns
   * the socket.
   */
  expect(token: string, options: WaitOptions = {}): Promise<Socket> {
    return this.#dialIn.expect(token, options);
  }

  /**
   * Opens a port for one connection of an initiator; see `openInitiatorPort`. The port is one of the range if
   * there is a range and `anyPort` is not set.
   */
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

  /** Joins two connections into a flow, which takes the place of `lease`. Owns both sockets from now on. */
  join(lease: Lease, near: Socket, far: Socket): Flow {
    const flow = this.#pump.join(near, far);
    lease.hold(flow);
    void flow.done.then(({ sent, received }) => {
      this.#carried += sent + received;
    });
    return flow;
  }

  /** Resets the flows in which `party` takes part. */
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

  /** Admits no further flow, gives the open flows `grace` ms to end, and closes. */
  async drain(grace: number): Promise<void> {
    const timer = setTimeout(() => this.close(), grace);
    await Promise.race([this.#admission.drain(), this.#dialIn.closed()]);
    clearTimeout(timer);
    this.close();
  }

  /** Ends all waits with ECONNABORTED, and resets all flows. */
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

/** Returns the options for a relay's configuration. Times in a configuration are in seconds. */
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
