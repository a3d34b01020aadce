import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ControlError, codeOf } from '../../control/control-error.ts';
import { readPreface } from '../../control/preface.ts';
import { type Waiting, type WaitOptions, waitFor } from '../../control/waiting.ts';
import type { RelaySettings } from '../../published/node-config.ts';
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
import { type Flow, type PumpAddon, startPump } from './pump.ts';

export interface RelayLimits extends FlowLimits {
  /** Connections to the dial-in port that have not shown a token yet. */
  readonly strangers: number;
  /** ms in which they have to */
  readonly prefaceTimeout: number;
}

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

export interface Relay {
  readonly address: string;
  /** Acceptors connect here and write their token. */
  readonly port: number;
  /** Takes a flow's place; errors as `FlowAdmission.admit`. */
  admit(initiator: Party, acceptor?: Party): Lease;
  /** Gives `take` every socket that dials in with `token`, which owns it then, until `signal` aborts. */
  serve(token: string, take: (socket: Socket) => void, signal: AbortSignal): void;
  /** The acceptor that dials in with `token` (32 hex digits). Waits 10 s unless told otherwise. The caller owns the socket. */
  expect(token: string, options?: WaitOptions): Promise<Socket>;
  /** A port for one connection of an initiator, see `openInitiatorPort`; of the range where there is one, unless `anyPort`. */
  openInitiatorPort(observedAddress: string, options?: InitiatorOptions): Promise<InitiatorPort>;
  /** Makes one connection of two, in the lease's place; owns both sockets from now on. */
  join(lease: Lease, near: Socket, far: Socket): Flow;
  /** Resets the flows that `party` has a part in. */
  reset(party: Party): void;
  /** Flows that are carried or being opened, the bytes that they hold, and how many were refused. */
  status(): { flows: number; bytes: number; refused: ReadonlyMap<Refusal, number> };
  /** Takes no flow any more, lets those that are there end for `grace` ms, then closes. */
  drain(grace: number): Promise<void>;
  /** Waits end with ECONNABORTED, flows are reset. */
  close(): void;
}

interface InitiatorOptions extends WaitOptions {
  /** The initiator reaches every port of this host, and not only those of the range. */
  readonly anyPort?: boolean | undefined;
}

const TOKEN_SIZE = 16;
/** ms: a token that is lost comes 3 s later where the first packet of its connection was lost too (RFC 6298, 5.7), and may be lost again. */
const PREFACE_TIMEOUT = 8000;
const STRANGERS = { strangers: 512, prefaceTimeout: PREFACE_TIMEOUT };

/** Rejects with the system's error where no port can be had. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { host = '0.0.0.0', advertise = host, signal, idleTimeout = 0, log = () => undefined } = options;
  const limits = { ...defaultLimits(), ...STRANGERS, ...options.limits };
  signal?.throwIfAborted();
  const expected = new Map<string, Waiting<Socket>>();
  const served = new Map<string, (socket: Socket) => void>();
  const opened = new Set<InitiatorPort>();
  const strangers = new Set<Socket>();
  const cycle = options.ports && portCycle(options.ports);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void receive(socket));
  server.listen({ port: options.port ?? 0, host, backlog: limits.strangers });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pump = startPump(options.addon, { flows: limits.flows, idleTimeout });
  const admission = new FlowAdmission(limits, () => pump.held(), log);
  let closed = false;

  async function receive(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    if (strangers.size >= limits.strangers) return void socket.resetAndDestroy();
    strangers.add(socket);
    try {
      const token = await readPreface(socket, TOKEN_SIZE, limits.prefaceTimeout);
      const shown = token.toString('hex');
      const take = served.get(shown);
      if (take) return take(socket);
      const waiting = expected.get(shown);
      // At once: a second connection with the same token comes too late, even in the same turn.
      expected.delete(shown);
      if (!waiting) throw new ControlError('EACCES', 'nobody waits for this token');
      waiting.resolve(socket);
    } catch {
      socket.resetAndDestroy();
    } finally {
      strangers.delete(socket);
    }
  }

  function close(): void {
    if (closed) return;
    closed = true;
    signal?.removeEventListener('abort', close);
    const reason = new ControlError('ECONNABORTED', 'the relay closed');
    server.close();
    for (const socket of strangers) socket.destroy();
    for (const waiting of expected.values()) waiting.reject(reason);
    for (const initiator of opened) initiator.close(reason);
    pump.close();
  }
  signal?.addEventListener('abort', close);

  return {
    address: advertise,
    port,
    admit: (initiator, acceptor) => admission.admit(initiator, acceptor),
    expect(token, waitOptions = {}) {
      const waiting = waitFor<Socket>('the acceptor', waitOptions, () => expected.delete(token));
      expected.set(token, waiting);
      if (closed) waiting.reject(new ControlError('ECONNABORTED', 'the relay closed'));
      return waiting.promise;
    },
    serve(token, take, until) {
      served.set(token, take);
      until.addEventListener('abort', () => served.delete(token), { once: true });
      if (until.aborted) served.delete(token);
    },
    async openInitiatorPort(observedAddress, { anyPort = false, ...waitOptions } = {}) {
      try {
        const ports = anyPort ? undefined : cycle;
        const initiator = await openInitiatorPort(host, observedAddress, waitOptions, ports);
        opened.add(initiator);
        initiator.connection.catch(() => undefined).finally(() => opened.delete(initiator));
        return initiator;
      } catch (error) {
        if (codeOf(error) !== 'EADDRNOTAVAIL') throw error;
        throw admission.refuse('ports', 'EADDRNOTAVAIL', `all ${cycle?.size} ports of the relay are in use`);
      }
    },
    join(lease, near, far) {
      const flow = pump.join(near, far);
      lease.hold(flow);
      return flow;
    },
    reset: (party) => admission.reset(party),
    status: () => ({ flows: admission.size, bytes: pump.held(), refused: admission.refusals() }),
    async drain(grace) {
      const timer = setTimeout(close, grace);
      await Promise.race([admission.drain(), once(server, 'close')]);
      clearTimeout(timer);
      close();
    },
    close,
  };
}
