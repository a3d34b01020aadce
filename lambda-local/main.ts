import * as z from 'zod/mini';
import { functionArn } from './api/function-name.ts';
import { createRouter } from './api/routes.ts';
import { startApi } from './api/server.ts';
import { createLog, type Log, messageOf } from './base/log.ts';
import { connectEngine, type Engine } from './engine/engine.ts';
import type { Sessions } from './environment/environment.ts';
import { EnvironmentFleet } from './environment/fleet.ts';
import { whileUsed } from './environment/while-used.ts';
import { argvOf, type FunctionConfig } from './functions/function-config.ts';
import { Functions } from './functions/functions.ts';
import { createDeriveImage } from './images/derive-image.ts';
import { type HeldImage, ImageKeeper, removeImageNamesOf } from './images/image-keeper.ts';
import { createEventQueue } from './invoke/event-queue.ts';
import { createInvoke } from './invoke/invoke.ts';
import { startNat } from './nat/nat.ts';
import { startRuntimeApi } from './runtime-api/server.ts';
import { declaredVolumes } from './sandbox/declared-volumes.ts';
import { createGateVolume } from './sandbox/gate-volume.ts';
import { lambdaEnvironment } from './sandbox/lambda-environment.ts';
import { removeSandboxesOf } from './sandbox/orphans.ts';
import { GATE_DIRECTORY } from './sandbox/sandbox-spec.ts';
import { createSandboxes, type Sandboxes } from './sandbox/sandboxes.ts';
import { readSettings, type Settings } from './settings.ts';

/** Starts the local Lambda, serves until `signal` aborts, and then removes everything that it has made. */
async function run(settings: Settings, log: Log, signal: AbortSignal): Promise<void> {
  const engine = connectEngine();
  const instance = settings.INSTANCE;
  const sessions: Sessions = new Map();
  const [nat] = await Promise.all([
    startNat(engine, settings.NAT, settings.GATEWAYS, settings.NETWORK, log, signal),
    removeSandboxesOf(engine, instance).then(() => removeImageNamesOf(engine, instance)),
  ]);
  const volume = await createGateVolume(engine, nat.own.images, instance);
  const sandboxes = createSandboxes({ engine, gateways: nat.gateways, instance, gateVolume: volume.name });
  const images = new ImageKeeper(engine, instance, settings.PREPARED === 0, log);
  try {
    const { address } = nat.own;
    await startRuntimeApi(address, nat.service.runtimePort, (caller) => sessions.get(caller), log, signal);
    await serve(settings, engine, sandboxes, images, sessions, log, signal);
    log.info('ready', { address, port: settings.PORT, network: nat.own.network });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
  } finally {
    await sandboxes.close();
    await Promise.all([volume.remove(), images.close()]);
  }
}

async function serve(
  settings: Settings,
  engine: Engine,
  sandboxes: Sandboxes,
  images: ImageKeeper,
  sessions: Sessions,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const { REGION: region, CONCURRENCY: concurrency } = settings;
  const home = { region, account: settings.ACCOUNT };
  const openFleet = (config: FunctionConfig) => {
    const held = images.hold(config.image);
    const startSandbox = async () =>
      sandboxes.start({
        functionName: config.name,
        image: (await held).reference,
        argv: argvOf(config),
        workingDirectory: config.workingDirectory,
        environment: lambdaEnvironment({ functionName: config.name, region, ...config }),
        memorySize: config.memorySize,
        ephemeralStorage: config.ephemeralStorage,
        volumes: declaredVolumes(config.image.volumes, [GATE_DIRECTORY]),
      });
    const open = (start: typeof startSandbox) =>
      new EnvironmentFleet({
        functionName: config.name,
        timeout: config.timeout,
        startSandbox: start,
        sessions,
        prepared: settings.PREPARED,
        idleLimit: settings.IDLE_LIMIT,
        idleSeconds: settings.IDLE_SECONDS,
        surplusSeconds: settings.SURPLUS_SECONDS,
        log,
      });
    const letGo = (image: HeldImage) => image.release();
    return whileUsed(startSandbox, open, () => void held.then(letGo, () => {}));
  };
  const functions = new Functions(openFleet);
  const invoke = createInvoke(functions, concurrency, (name) => functionArn(home, name));
  const enqueue = createEventQueue(invoke, settings.RETRY_SECONDS, log, signal);
  const deriveImage = createDeriveImage(engine);
  const route = createRouter({ home, engine, images, functions, deriveImage, invoke, enqueue, concurrency });
  await startApi(settings.PORT, route, log, signal);
}

async function main(): Promise<void> {
  // Without a locale, zod's messages only say that an input is invalid.
  z.config(z.locales.en());
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  try {
    const settings = readSettings(process.env);
    await run(
      settings,
      createLog(settings.LOG, (line) => void process.stderr.write(line)),
      stop.signal,
    );
  } catch (error) {
    // A signal during the start makes one of its steps fail.
    if (!stop.signal.aborted) {
      process.stderr.write(`lambda-local: ${messageOf(error)}\n`);
      process.exitCode = 1;
    }
  }
  // Handles that are still open belong to invocations that have just been ended.
  process.exit();
}

void main();
