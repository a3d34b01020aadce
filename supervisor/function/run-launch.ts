import { accessSync, constants as fsConstants } from 'node:fs';
import { dirname } from 'node:path';
import { dialControl } from '../control/dial.ts';
import { openResumable } from '../control/resumable/open-resumable.ts';
import type { Session } from '../control/session.ts';
import { startDiscovery } from '../discovery/start-discovery.ts';
import { makeMissingFolders } from '../files/missing-folders.ts';
import { linkNestedRemaps } from '../files/nested-remaps.ts';
import { ownNames, placeNetworkFiles } from '../files/network-files.ts';
import { prepareRemaps } from '../files/prepare-remaps.ts';
import { makeSharedMemory } from '../files/shared-memory.ts';
import { placeFiles } from '../files/travelling-files.ts';
import { makeUsualPathsWritable } from '../files/writable-defaults.ts';
import type { ExitStatus } from '../guest/exit-status.ts';
import { passGate } from '../guest/gate.ts';
import { guestEnvironment } from '../guest/guest-environment.ts';
import { warnIfUnseen } from '../guest/program/warning.ts';
import type { Reaper } from '../guest/reaper.ts';
import { startFailureCode, startGuest } from '../guest/start-guest.ts';
import { createStdioPipes } from '../guest/stdio-pipes.ts';
import { secure } from '../network/punch/secure.ts';
import { dialIn } from '../network/relay/dial-in.ts';
import { type Node, startNode } from '../node/node.ts';
import type { Runtime } from '../node/runtime.ts';
import { Introduce } from '../protocol/flows.ts';
import type { LaunchEvent } from '../protocol/launch-event.ts';
import { Claim, Exit, PATIENT_HEARTBEAT, Started } from '../protocol/stdio.ts';
import { messageOf } from '../published/message-of.ts';
import { createDeniedWrites, type DeniedWrites } from './denied-writes.ts';
import { connectGuestStdio, receiveSignals, type SignalInlet } from './guest-stdio.ts';
import { logOver } from './log-over.ts';

/** How long the phantom and the seed may take to answer a function that has just started. */
const CONTACT_TIMEOUT_MS = 10_000;
/** How long processes that a guest left behind may take to end after SIGKILL. */
const END_TIMEOUT_MS = 5000;

interface LaunchContext {
  readonly runtime: Runtime;
  readonly reaper: Reaper;
  readonly requestId: string;
  readonly functionName: string;
  readonly signal: AbortSignal;
}

/**
 * Lambda's user can write to /tmp only. Programs that cache files in a home directory which is not writable
 * would fail.
 */
function usableHome(environment: Record<string, string>): Record<string, string> {
  try {
    accessSync(environment.HOME ?? '/', fsConstants.W_OK);
    return environment;
  } catch {
    return { ...environment, HOME: '/tmp' };
  }
}

/**
 * Connects to the phantom before `signal` aborts. A connection through a relay is resumed whenever it breaks,
 * until `lifetime` aborts.
 */
async function contactPhantom(
  { session: { addresses, port, token, identity, key } }: LaunchEvent,
  signal: AbortSignal,
  lifetime: AbortSignal,
): Promise<Session> {
  const credentials = { identity, key: Buffer.from(key, 'hex') };
  const options = { heartbeat: PATIENT_HEARTBEAT };
  let failure: unknown;
  for (const host of addresses) {
    try {
      if (token === undefined) return await dialControl({ host, port, ...credentials, signal, ...options });
      const dial = (limit: AbortSignal) => dialIn({ relay: { address: host, port }, token }, limit);
      const stream = await openResumable({ dial, signal: lifetime });
      return await secure(stream, 'caller', credentials, signal, () => undefined, options);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function joinAsFunction(
  event: LaunchEvent,
  context: LaunchContext,
  onDenied: (path: string) => void,
): Promise<Node> {
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
    isFunction: true,
    onDenied,
    hostname: event.hostname,
    signal,
    retryFor: CONTACT_TIMEOUT_MS,
  });
}

interface PreparedFiles {
  /** Paths that the guest sees at another place than the kernel does. */
  readonly remap: Record<string, string>;
  /** Lines for the guest's log about paths that could not be prepared. */
  readonly lines: readonly string[];
}

/**
 * Prepares every path that the guest sees at another place than the kernel does. The service's own remaps
 * come before the default ones.
 */
async function prepareFiles(event: LaunchEvent): Promise<PreparedFiles> {
  const lines: string[] = [];
  const { remap, files, mounts, workingDirectory } = event;
  const [usual, shared, placed] = await Promise.all([
    makeUsualPathsWritable(),
    makeSharedMemory(),
    placeFiles(files, mounts),
    prepareRemaps(remap, (line) => lines.push(line)),
  ]);
  const shown = { ...usual, ...shared, ...placed, ...remap };
  const folders = [...mounts.map((path) => dirname(path)), workingDirectory];
  const everything = { ...(await makeMissingFolders(folders, shown)), ...shown };
  await linkNestedRemaps(everything);
  return { remap: everything, lines };
}

/** Writes the files in /etc that describe this node's network. Resolves to their remaps. */
function showNetwork({ overlay }: Node, hostname: string, nameserver: string | undefined) {
  const names = ownNames(overlay.members(), overlay.nodeId);
  return placeNetworkFiles({ hostname, address: overlay.address, names, nameserver });
}

/** The context of a launch that has its session and its node. */
interface GuestContext extends LaunchContext {
  readonly node: Node;
  readonly session: Session;
  readonly inlet: SignalInlet;
  readonly files: Promise<PreparedFiles>;
  readonly denied: DeniedWrites;
}

/** Waits until the guest may start (`wait-for`), prepares its view of the overlay, and runs it. */
async function startAndServe(event: LaunchEvent, context: GuestContext): Promise<ExitStatus> {
  const { signal, node, session } = context;
  const log = logOver(session);
  context.denied.tellTo(log.warn);
  await passGate(node.overlay, event.waitFor, log.info, signal);
  const discovery = await startDiscovery(node.overlay, log.warn);
  try {
    const network = await showNetwork(node, event.hostname, discovery.nameserver);
    const files = await context.files;
    for (const line of files.lines) log.warn(line);
    const remap = { ...discovery.remap, ...network, ...files.remap };
    warnIfUnseen({ ...event, remap, isFunction: true, overlay: node.overlay.overlay }, log.warn);
    return await runGuest(event, context, remap);
  } finally {
    await discovery.close();
  }
}

async function runGuest(
  event: LaunchEvent,
  context: GuestContext,
  remap: Readonly<Record<string, string>>,
): Promise<ExitStatus> {
  const { runtime, reaper, signal, node, session, inlet } = context;
  // These two variables tell people in which function they are. Lambda's own variables would change the
  // behaviour of libraries.
  const place = { BOXER_FUNCTION_NAME: context.functionName, BOXER_REQUEST_ID: context.requestId };
  const environment = guestEnvironment(
    { ...usableHome(event.environment), ...place },
    { library: runtime.library, socketName: node.socketName, remap },
  );
  const { argv, workingDirectory } = event;
  const stdio = createStdioPipes(runtime.addon);
  try {
    const guest = await startGuest({
      addon: runtime.addon,
      argv,
      environment,
      workingDirectory,
      remap,
      stdio,
    });
    reaper.keep(guest.pid);
    inlet.deliver = (name) => guest.process.kill(name);
    const abandon = () => guest.process.kill('SIGKILL');
    signal.addEventListener('abort', abandon, { once: true });
    const flushed = connectGuestStdio(stdio, session);
    session.notify(Started, { pid: guest.pid });
    const status = await guest.exited;
    signal.removeEventListener('abort', abandon);
    // When a container's first process ends, all other processes are killed. With them the last writers of
    // the pipes end.
    await reaper.killAll(AbortSignal.timeout(END_TIMEOUT_MS));
    await flushed.catch(() => undefined); // The phantom has gone: nobody reads the output.
    return status;
  } finally {
    stdio.close();
  }
}

/** Signals that end a launch whose guest has not started yet. */
const ENDING: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP']);

/** Tells the phantom, and so the container's log, why the guest could not be started. */
function reportFailure(session: Session, error: unknown): ExitStatus {
  logOver(session).error(messageOf(error));
  return { code: startFailureCode(error), signal: null };
}

async function serveSession(
  event: LaunchEvent,
  context: LaunchContext,
  session: Session,
  joining: Promise<Node>,
  files: Promise<PreparedFiles>,
  denied: DeniedWrites,
): Promise<ExitStatus> {
  const stopped = new AbortController();
  const inlet: SignalInlet = { deliver: (name) => void (ENDING.has(name) && stopped.abort(name)) };
  receiveSignals(session, inlet);
  const node = await joining;
  session.notify(Claim, {});
  session.handle(Introduce, (introduction, at) => node.introduce(introduction, at.signal));
  try {
    const signal = AbortSignal.any([context.signal, stopped.signal]);
    const guest = startAndServe(event, { ...context, signal, node, session, inlet, files, denied });
    const status = await guest.catch((error: unknown): ExitStatus => {
      if (stopped.signal.aborted) return { code: null, signal: String(stopped.signal.reason) };
      if (context.signal.aborted) throw error;
      return reportFailure(session, error);
    });
    session.notify(Exit, status);
    // The phantom closes the session when it has printed the last byte, however slow the reader of its output
    // is.
    await session.closed;
    return status;
  } finally {
    await node.close();
  }
}

/**
 * Runs one launch from the first contact to the guest's last byte. Resolves to how the guest ended. Rejects
 * when the phantom or the seed cannot be reached, or when the phantom ends.
 */
export async function runLaunch(event: LaunchEvent, context: LaunchContext): Promise<ExitStatus> {
  const cancel = new AbortController();
  const signal = AbortSignal.any([context.signal, cancel.signal]);
  const contact = AbortSignal.any([signal, AbortSignal.timeout(CONTACT_TIMEOUT_MS)]);
  const denied = createDeniedWrites();
  const joining = joinAsFunction(event, { ...context, signal }, denied.note);
  const files = prepareFiles(event);
  for (const early of [joining, files]) early.catch(() => undefined);
  let session: Session | undefined;
  try {
    session = await contactPhantom(event, contact, signal).catch(async (error: unknown) => {
      // A phantom that has a function refuses any other. Joining tells then that this function is a
      // duplicate: LAUNCH_USED.
      await joining;
      throw error;
    });
    // The phantom was stopped or killed, and so its guest must not run on.
    void session.closed.then(() => cancel.abort(new Error('the phantom has gone')));
    return await serveSession(event, { ...context, signal }, session, joining, files, denied);
  } finally {
    cancel.abort(new Error('the launch has ended'));
    void session?.close();
  }
}
