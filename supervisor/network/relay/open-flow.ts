import type { Socket } from 'node:net';
import { ControlError } from '../../control/control-error.ts';
import type { Party } from './flow-limits.ts';
import type { Relay } from './relay.ts';

export interface OpenFlowOptions {
  /** The address from which the initiator's connection has to arrive. */
  readonly from: string;
  readonly initiator: Party;
  readonly acceptor?: Party | undefined;
  /** How long the initiator may take to connect, ms. This includes the time to reach the far end. */
  readonly timeout: number;
  /** See `Relay.openInitiatorPort`. */
  readonly anyPort?: boolean | undefined;
}

/** A flow that waits for its initiator, while the far end is being reached. */
export interface OpenFlow {
  /** The port to which the initiator connects. */
  readonly port: number;
  /** Joins the far end with the initiator's connection; resets it if the initiator does not connect. */
  join(far: Socket): void;
  /** Closes the port, as the far end cannot be reached. */
  abandon(reason: unknown): void;
}

/**
 * Takes a place at the relay and opens a port for the initiator. Rejects with the errors of `Relay.admit` and
 * `Relay.openInitiatorPort`.
 */
export async function openFlow(relay: Relay, options: OpenFlowOptions): Promise<OpenFlow> {
  const { from, initiator, acceptor, timeout, anyPort } = options;
  const lease = relay.admit(initiator, acceptor);
  try {
    const near = await relay.openInitiatorPort(from, { timeout, anyPort });
    const close = (reason: unknown) =>
      near.close(reason instanceof Error ? reason : new ControlError('ECONNABORTED', String(reason)));
    // The initiator may connect and disconnect before the far end is reached.
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
