import { accessSync, constants as fsConstants } from 'node:fs';
import { dialControl } from '../control/dial.ts';
import { MessageType } from '../control/message-type.ts';
import type { Session } from '../control/session.ts';
import { parseIntroduction } from '../coordination/parse-messages.ts';
import { prepareRemaps } from '../files/prepare-remaps.ts';
import { placeFiles } from '../files/travelling-files.ts';
import { makeUsualPathsWritable } from '../files/writable-defaults.ts';
import type { ExitStatus } from '../guest/exit-status.ts';
import { passGate } from '../guest/gate.ts';
import { guestEnvironment } from '../guest/guest-environment.ts';
import type { Reaper } from '../guest/reaper.ts';
import { startFailureCode, startGuest } from '../guest/start-guest.ts';
import { type Node, startNode } from '../node.ts';
import type { LaunchEvent } from '../phantom/event.ts';
import type { Runtime } from '../runtime.ts';
import { connectGuestStdio } from './guest-stdio.ts';

/** How long the phantom and the seed may take to answer a function that has just started. */
const CONTACT_TIMEOUT_MS = 10_000;
/** How long leftovers of a guest may take to die, and the phantom to take the last bytes. */
const END_TIMEOUT_MS = 5000;

interface LaunchContext {
  readonly runtime: Runtime;
  readonly reaper: Reaper;
  readonly requestId: string;
  readonly functionName: string;
  readonly signal: AbortSignal;
}

/** Lambda's user can write to /tmp alone; a home directory that it cannot use would break what caches there. */
function usableHome(environment: Record<string, string>): Record<string, string> {
  try {
    accessSync(environment.HOME ?? '/', fsConstants.W_OK);
    return environment;
  } catch {
    return { ...environment, HOME: '/tmp' };
  }
}

async function contactPhantom(event: LaunchEvent, signal: AbortSignal): Promise<Session> {
  const { addresses, port, identity, key } = event.session;
  let failure: unknown;
  for (const host of addresses) {
    try {
      return await dialControl({ host, port, identity, key: Buffer.from(key, 'hex'), signal });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function joinAsFunction(event: LaunchEvent, context: LaunchContext): Promise<Node> {
  const { runtime, requestId, functionName, signal } = context;
  return startNode({
    addon: runtime.addon,
    seed: { host: event.seed.address, port: event.seed.port },
    identity: event.seed.identity,
    key: Buffer.from(event.seed.key, 'hex'),
    join: {
      role: 'function',
      service: event.service,
      networks: {},
      hostname: event.hostname,
      container: '',
      requestId,
      functionName,
    },
    hostname: event.hostname,
    signal,
    retryFor: CONTACT_TIMEOUT_MS,
  });
}

/** Everything that the guest finds elsewhere than it stands: its own remaps before ours. */
async function prepareFiles({ remap, files, mounts }: LaunchEvent): Promise<Record<string, string>> {
  const [usual, placed] = await Promise.all([
    makeUsualPathsWritable(),
    placeFiles(files, mounts),
    prepareRemaps(remap),
  ]);
  return { ...usual, ...placed, ...remap };
}

async function runGuest(
  event: LaunchEvent,
  context: LaunchContext,
  node: Node,
  session: Session,
): Promise<ExitStatus> {
  const { runtime, reaper, signal } = context;
  await passGate(
    node.overlay,
    event.waitFor,
    (line) => session.notify(MessageType.stderr, Buffer.from(`boxer: ${line}\n`)),
    signal,
  );
  const remap = await prepareFiles(event);
  // For people who wonder where they are; Lambda's own variables would switch libraries to another behaviour.
  const place = { BOXER_FUNCTION_NAME: context.functionName, BOXER_REQUEST_ID: context.requestId };
  const environment = guestEnvironment(
    { ...usableHome(event.environment), ...place },
    {
      library: runtime.library,
      socketName: node.socketName,
      remap,
    },
  );
  const { argv, workingDirectory } = event;
  const guest = await startGuest({ argv, environment, workingDirectory, stdio: 'pipe' });
  reaper.keep(guest.pid);
  const abandon = () => guest.process.kill('SIGKILL');
  signal.addEventListener('abort', abandon, { once: true });
  const flushed = connectGuestStdio(guest, session);
  session.notify(MessageType.started, { pid: guest.pid });
  const status = await guest.exited;
  signal.removeEventListener('abort', abandon);
  // As when a container's first process ends: the others go too, and with them the last writers of the pipes.
  await reaper.killAll(AbortSignal.timeout(END_TIMEOUT_MS));
  await flushed.catch(() => undefined); // The phantom has gone: nobody is left to read it.
  return status;
}

/**
 * Runs one launch from the first contact to the guest's last byte. Resolves with how the guest ended. Rejects when the
 * phantom or the seed cannot be reached, or the guest cannot be started; the phantom has been told by then where possible.
 */
export async function runLaunch(event: LaunchEvent, context: LaunchContext): Promise<ExitStatus> {
  const cancel = new AbortController();
  const signal = AbortSignal.any([context.signal, cancel.signal]);
  const contact = AbortSignal.any([signal, AbortSignal.timeout(CONTACT_TIMEOUT_MS)]);
  const joining = joinAsFunction(event, { ...context, signal });
  joining.catch(() => undefined);
  try {
    const session = await contactPhantom(event, contact);
    // A phantom that is gone was stopped or killed: its guest must not live on.
    void session.closed.then(() => cancel.abort(new Error('the phantom has gone')));
    const node = await joining;
    session.handle(MessageType.introduce, (body, at) => node.introduce(parseIntroduction(body), at.signal));
    try {
      const status = await runGuest(event, { ...context, signal }, node, session).catch(
        (error: unknown): ExitStatus => {
          if (signal.aborted) throw error;
          session.notify(
            MessageType.stderr,
            Buffer.from(`boxer: ${error instanceof Error ? error.message : String(error)}\n`),
          );
          return { code: startFailureCode(error), signal: null };
        },
      );
      session.notify(MessageType.exit, status);
      await Promise.race([
        session.closed,
        new Promise((resolve) => setTimeout(resolve, END_TIMEOUT_MS).unref()),
      ]);
      return status;
    } finally {
      session.close();
      await node.close();
    }
  } catch (error) {
    cancel.abort(error);
    throw error;
  }
}
