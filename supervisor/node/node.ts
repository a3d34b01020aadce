import { hostname as kernelHostname } from 'node:os';
import { type Introduction, type JoinRequest, joinOverlay, type Overlay } from '../membership/join.ts';
import { Acceptor } from '../network/acceptor.ts';
import { LateConnector } from '../network/connect-later.ts';
import { Connector } from '../network/connector.ts';
import { directPairs } from '../network/direct-pairs.ts';
import { FlowNameTable } from '../network/flow-names.ts';
import { createListenerView } from '../network/listeners.ts';
import { Pairs } from '../network/pairs.ts';
import { createListenerPublisher, type ListenerPublisher } from '../network/publish-listeners.ts';
import type { Deliver } from '../network/punch/listener-queues.ts';
import { Puncher } from '../network/punch/puncher.ts';
import { lookForSilentListeners } from '../network/silent-guests.ts';
import { tableViewOf } from '../network/table-view.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { PairStatus } from '../published/node-config.ts';
import type { Addon } from '../service/addon.ts';
import {
  type OpenSocket,
  type ServiceAnswer,
  type ServiceHandler,
  startServiceServer,
} from '../service/server.ts';
import { createSharedTable, type SharedTable } from '../service/shared-table.ts';
import { Operation, type ServiceRequest } from '../service/wire.ts';

/** Options of startNode(); docs/control-network.md describes `join`. */
export interface NodeOptions {
  readonly addon: Addon;
  readonly seed: { host: string; port: number };
  readonly identity: string;
  readonly key: Buffer;
  readonly join: JoinRequest | Promise<JoinRequest>;
  /** A function's guest is reached through the supervisor, a container's by the kernel. */
  readonly isFunction: boolean;
  /** The answer to gethostname(); empty: the kernel's host name. */
  readonly hostname: string;
  readonly signal: AbortSignal;
  /** Called with a path that the read-only root refused to the guest. */
  readonly onDenied?: ((path: string) => void) | undefined;
  /** How long to repeat the connection attempts to a seed that is not up yet, ms. */
  readonly retryFor: number;
  /** The service socket, if a guest that is running already waits at it. */
  readonly openSocket?: OpenSocket | undefined;
  /** Called when the node has joined, before process monitors are answered. */
  readonly beforeServing?: (overlay: Overlay) => Promise<void>;
}

/** A node of the overlay, ready for its guest. */
export interface Node {
  readonly overlay: Overlay;
  /** The supervisor's socket name, which process monitors take from the guest's environment. */
  readonly socketName: string;
  /** Brings a connection from elsewhere to the guest's listener; as the seed's introductions. */
  introduce(introduction: Introduction, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface Parts {
  readonly table: SharedTable;
  readonly acceptor: Acceptor;
  readonly connector: Connector;
  readonly later: LateConnector;
  readonly publisher: ListenerPublisher;
  /** Called when a process monitor has reported a listener of its guest. */
  readonly onListener: () => void;
  readonly onDenied: NodeOptions['onDenied'];
}

function handlerOf({
  table,
  acceptor,
  connector,
  later,
  publisher,
  onListener,
  onDenied,
}: Parts): ServiceHandler {
  /**
   * The process monitor does not wait for the answer. A connect before the look reads the kernel's table
   * itself.
   */
  function onListening({ operation, local }: ServiceRequest): ServiceAnswer {
    onListener();
    if (operation === Operation.listen) acceptor.monitored(local.port, true);
    publisher.hear(local.port);
    return {};
  }

  const handler: ServiceHandler = (request, signal) => {
    switch (request.operation) {
      case Operation.table:
        return { fd: table.fd };
      case Operation.listen:
      case Operation.unlisten:
        return onListening(request);
      case Operation.connect:
        publisher.catchUp();
        return later.connect(request, signal);
      case Operation.connectLater:
        return later.place(request);
      case Operation.underWay:
        return later.underWay(request);
      case Operation.accept:
        return acceptor.accept(request);
      case Operation.namesOf:
        return acceptor.namesOf(request) ?? connector.namesOf(request);
      case Operation.resolve:
        return connector.resolve(request);
      case Operation.reverse:
        return connector.reverse(request);
      case Operation.denied:
        onDenied?.(request.name);
        return {};
      default:
        throw new BoxerError('EOPNOTSUPP', `unknown operation ${request.operation}`);
    }
  };
  return handler;
}

/** The parts of a node that seed and peers reach. */
interface Reachable {
  readonly acceptor: Acceptor;
  readonly puncher: Puncher;
  pairs(): readonly PairStatus[];
}

/**
 * Joins the overlay. A question that arrives at the moment of the join waits for the parts that answer it.
 */
function joinWith(
  { seed, identity, key, join, signal, retryFor }: NodeOptions,
  ready: Promise<Reachable>,
): Promise<Overlay> {
  return joinOverlay({
    ...{ seed, identity, key, join, signal, retryFor },
    introduce: async (introduction, context) =>
      (await ready).acceptor.introduce(introduction, context.signal),
    peers: {
      meet: async (counterpart) => (await ready).puncher.meet(counterpart),
      punch: async (introduction) => (await ready).puncher.punch(introduction),
      pairs: async () => (await ready).pairs(),
    },
  });
}

/**
 * Joins the overlay and serves the process monitors of this node. Rejects if the seed refuses or stays away.
 */
export async function startNode(options: NodeOptions): Promise<Node> {
  const { addon, isFunction, hostname, onDenied } = options;
  const ready = Promise.withResolvers<Reachable>();
  const overlay = await joinWith(options, ready.promise);
  const flows = new FlowNameTable();
  const listeners = createListenerView();
  const acceptor = new Acceptor({
    addon,
    selfAddress: () => overlay.address,
    flows,
    listeners,
  });
  const pairs = new Pairs();
  const deliver: Deliver = (...arrived) => acceptor.deliver(...arrived);
  const puncher = new Puncher({ addon, overlay, listeners, flows, pairs, deliver });
  const table = createSharedTable(addon);
  const publisher = createListenerPublisher({
    listeners,
    tell: (ports) => overlay.setListening(ports),
    onGone(port) {
      acceptor.monitored(port, false);
      puncher.vanished(port);
    },
  });
  const allPairs = () => [...directPairs(overlay.members().values(), overlay.nodeId), ...pairs.all()];
  ready.resolve({ acceptor, puncher, pairs: allPairs });
  const connector = new Connector({ overlay, flows, puncher, pairs });
  // Containers are reached by the kernel itself; functions need their listeners known.
  const stopLooking = isFunction ? lookForSilentListeners(() => listeners.refresh()) : () => undefined;
  const later = new LateConnector({ addon, connector, flows });
  const parts = { table, acceptor, connector, later, publisher, onListener: stopLooking, onDenied };
  await options.beforeServing?.(overlay);
  const server = startServiceServer(addon, handlerOf(parts), { open: options.openSocket });
  const writeTable = () => table.write(tableViewOf(overlay, hostname || kernelHostname(), isFunction));
  writeTable();
  const unsubscribe = overlay.onChange(writeTable);
  return {
    overlay,
    socketName: server.name,
    introduce: (introduction, cancel) => acceptor.introduce(introduction, cancel),
    async close() {
      unsubscribe();
      stopLooking();
      publisher.close();
      later.close();
      puncher.close();
      acceptor.close();
      server.close();
      await overlay.leave().catch(() => undefined);
      table.close();
    },
  };
}
