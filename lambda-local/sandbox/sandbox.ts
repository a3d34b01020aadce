import { randomBytes } from 'node:crypto';
import { change, createContainer, exitOf, pidOf, removeContainer } from '../engine/containers.ts';
import { demultiplex } from '../engine/demultiplex.ts';
import type { Engine } from '../engine/engine.ts';
import type { Gateway } from '../nat/gateway.ts';
import type { GatewayPool } from '../nat/gateway-pool.ts';
import { showImageAtVolumes } from './declared-volumes.ts';
import { lineSplitter } from './line-splitter.ts';
import { containerOptions, GATE_PROGRAM, type SandboxSpec } from './sandbox-spec.ts';

/** A started container behind its own NAT. Its entrypoint waits for `release`. */
export interface Sandbox {
  readonly publicAddress: string;
  /** Lets the entrypoint run. From now on each line of its stdout and stderr goes to `onLine`. */
  release(onLine: (line: string) => void): void;
  /** Pauses all processes, until `thaw` lets them continue. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Resolves to the exit code when the entrypoint has ended and `onLine` has received all its output. */
  readonly exited: Promise<number>;
  /** Kills all processes, and removes the container and the gateway. May be called more than once. */
  remove(): Promise<void>;
}

export interface SandboxMaker {
  readonly engine: Engine;
  readonly gateways: GatewayPool;
  readonly instance: string;
  readonly gateVolume: string;
}

/** Creates and starts a container for `spec`, and connects its network. The caller owns the sandbox. */
export async function startSandbox(maker: SandboxMaker, spec: SandboxSpec): Promise<Sandbox> {
  const { engine, instance } = maker;
  const name = `${instance}-${spec.functionName}-${randomBytes(4).toString('hex')}`;
  const gatewayTaken = maker.gateways.take();
  // The error is seen where the promise is awaited. Until then it must not count as unhandled.
  gatewayTaken.catch(() => {});

  let removal: Promise<void> | undefined;
  const remove = () => {
    removal ??= Promise.all([removeContainer(engine, name), removeGateway(gatewayTaken)]).then(() => {});
    return removal;
  };

  try {
    const id = await createContainer(engine, name, containerOptions(spec, instance, maker.gateVolume));
    let take: (line: string) => void = () => {};
    const lines = () => lineSplitter((line) => take(line));
    const stdio = await engine.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`);
    const printed = demultiplex(stdio, lines(), lines());
    const exited = exitOf(engine, id).then((code) => printed.then(() => code));
    exited.catch(() => {});

    await change(engine, id, 'start');
    const [gateway, pid] = await Promise.all([gatewayTaken, pidOf(engine, id)]);
    await Promise.all([gateway.attach(pid), showImageAtVolumes(pid, spec.volumes, GATE_PROGRAM)]);
    return {
      publicAddress: gateway.publicAddress,
      release: (onLine) => {
        take = onLine;
        stdio.write('\n');
      },
      freeze: () => change(engine, id, 'pause'),
      thaw: () => change(engine, id, 'unpause'),
      exited,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function removeGateway(taken: Promise<Gateway>): Promise<void> {
  const gateway = await taken.catch(() => undefined);
  await gateway?.remove();
}
