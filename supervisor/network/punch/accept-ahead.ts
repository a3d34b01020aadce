import { ControlError } from '../../control/control-error.ts';
import type { AheadRequest } from '../../protocol/punch.ts';
import type { Listener, ListenerView } from '../listeners.ts';
import { dial, type Unread, type UnreadAddon } from '../unread.ts';

export interface AheadAcceptorOptions {
  readonly addon: UnreadAddon;
  readonly listeners: ListenerView;
  readonly isDoor: (port: number) => boolean;
  /** A guest of the other node has come to an end: takes it to this node's guest, and owns it from then on. */
  readonly arrived: (connection: Unread, request: AheadRequest, port: number) => void;
}

/** This node's ends of connections that guests of other nodes are going to make. */
export interface AheadAcceptor {
  /**
   * Opens the ends in order; how many of them are open. Throws ControlError: ECONNREFUSED where nobody listens, EINVAL for a port that
   * is no door, EAGAIN where too many are open.
   */
  open(request: AheadRequest): Promise<number>;
  close(): void;
}

/** Longer than the initiator uses them, ms. */
const LIFE = 12_000;
/** A descriptor each: a function has 1,024 for everything. */
const MAX_OPEN = 256;

export function createAheadAcceptor(options: AheadAcceptorOptions): AheadAcceptor {
  const { addon, listeners, isDoor, arrived } = options;
  const stop = new AbortController();
  let open = 0;

  /** Waits in the kernel, which repeats the first packet, until the guest at the other end connects. */
  async function wait(connection: Promise<Unread> | Unread, request: AheadRequest, port: number) {
    open += 1;
    try {
      arrived(await connection, request, port);
    } catch {
      // Nobody came.
    } finally {
      open -= 1;
    }
  }

  function openEnds(request: AheadRequest, { family }: Listener): number {
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(LIFE)]);
    for (const [index, { at, port }] of request.ends.entries()) {
      try {
        const target = { family, localPort: at, address: request.from, port };
        void wait(dial(addon, target, signal).connection, request, port);
      } catch {
        return index;
      }
    }
    return request.ends.length;
  }

  return {
    async open(request) {
      if (open + request.ends.length > MAX_OPEN)
        throw new ControlError('EAGAIN', `${open} connections wait for guests already`);
      const stranger = request.ends.find(({ at }) => !isDoor(at));
      if (stranger) throw new ControlError('EINVAL', `${stranger.at} is no door of this node`);
      const listener = await listeners.find(request.port);
      if (!listener) throw new ControlError('ECONNREFUSED', `nothing listens on port ${request.port}`);
      return openEnds(request, listener);
    },
    close: () => stop.abort(new Error('the node ends')),
  };
}
