import type { Socket } from 'node:net';
import { ControlError } from '../../control/control-error.ts';
import type { Party } from './flow-limits.ts';
import type { Relay } from './relay.ts';

export interface OpenFlowOptions {
  /** The address that the initiator's connection has to come from. */
  readonly from: string;
  readonly initiator: Party;
  readonly acceptor?: Party | undefined;
  /** ms that the initiator has, the reaching of the far end included. */
  readonly timeout: number;
  /** As `Relay.openInitiatorPort`. */
  readonly anyPort?: boolean | undefined;
}

/** A flow whose initiator may connect, and whose far end is being reached. */
export interface OpenFlow {
  /** For the initiator. */
  readonly port: number;
  /** The far end is there; it becomes one connection with the initiator's, or is reset when that does not come. */
  join(far: Socket): void;
  /** The far end cannot be reached: the port closes. */
  abandon(reason: unknown): void;
}

/** Takes a place at the relay and opens a port for the initiator. Errors as `Relay.admit` and `Relay.openInitiatorPort`. */
export async function openFlow(relay: Relay, options: OpenFlowOptions): Promise<OpenFlow> {
  const { from, initiator, acceptor, timeout, anyPort } = options;
  const lease = relay.admit(initiator, acceptor);
  try {
    const near = await relay.openInitiatorPort(from, { timeout, anyPort });
    const close = (reason: unknown) =>
      near.close(reason instanceof Error ? reason : new ControlError('ECONNABORTED', String(reason)));
    // The initiator may come and go before the far end is reached.
    near.connection.catch(() => lease.release());
    let lost = false;
    lease.onReset(() => {
      lost = true;
      close('a node of the flow was lost');
    });
    return {
      port: near.port,
      join(far) {
        near.connection.then(
          (socket) => {
            const flow = relay.join(lease, socket, far);
            if (lost) flow.reset();
          },
          () => far.resetAndDestroy(),
        );
      },
      abandon(reason) {
        close(reason);
        near.connection.then(
          (socket) => {
            socket.resetAndDestroy();
            lease.release();
          },
          () => undefined,
        );
      },
    };
  } catch (error) {
    lease.release();
    throw error;
  }
}
