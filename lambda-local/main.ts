import * as z from 'zod/mini';
import { functionArn } from './api/function-name.ts';
import { createRouter } from './api/routes.ts';
import { startApi } from './api/server.ts';
import { connectEngine } from './engine/engine.ts';
import type { Sessions } from './environment/environment.ts';
import { createFleet } from './environment/fleet.ts';
import { argvOf, type FunctionConfig } from './functions/function-config.ts';
import { createFunctions } from './functions/functions.ts';
import { createEventQueue } from './invoke/event-queue.ts';
import { createInvoke } from './invoke/invoke.ts';
import { createLog, type Log, reason } from './log.ts';
import { startNat } from './nat/nat.ts';
import { startRuntimeApi } from './runtime-api/server.ts';
import { createGateVolume } from './sandbox/gate-volume.ts';
import { lambdaEnvironment } from './sandbox/lambda-environment.ts';
import { removeSandboxesOf } from './sandbox/orphans.ts';
import { createSandboxes } from './sandbox/sandboxes.ts';
import { readSettings, type Settings } from './settings.ts';

/** Runs until `signal` aborts, then removes all it made. */
async function run(settings: Settings, log: Log, signal: AbortSignal): Promise<void> {
  const engine = connectEngine();
  const { INSTANCE: instance, REGION: region, ACCOUNT: account } = settings;
  const sessions: Sessions = new Map();
  const [nat] = await Promise.all([
    startNat(engine, settings.NAT, settings.GATEWAYS, settings.NETWORK, log, signal),
    removeSandboxesOf(engine, instance),
  ]);
  const [volume] = await Promise.all([
    createGateVolume(engine, nat.own.imageId, instance),
    startRuntimeApi(
      nat.own.address,
      nat.service.runtimePort,
      (address) => sessions.get(address),
      log,
      signal,
    ),
  ]);
  const sandboxes = createSandboxes({ engine, gateways: nat.gateways, instance, gateVolume: volume.name });

  const openFleet = (config: FunctionConfig) =>
    createFleet({
      functionName: config.name,
      timeout: config.timeout,
      startSandbox: () =>
        sandboxes.start({
          functionName: config.name,
          imageId: config.image.id,
          argv: argvOf(config),
          workingDirectory: config.workingDirectory,
          environment: lambdaEnvironment({ functionName: config.name, region, ...config }),
          memorySize: config.memorySize,
          ephemeralStorage: config.ephemeralStorage,
          volumes: config.image.volumes,
        }),
      sessions,
      prepared: settings.PREPARED,
      idleLimit: settings.IDLE_LIMIT,
      idleSeconds: settings.IDLE_SECONDS,
      log,
    });
  const functions = createFunctions(openFleet);
  const home = { region, account };
  const invoke = createInvoke(functions, settings.CONCURRENCY, (name) => functionArn(home, name));
  const enqueue = createEventQueue(invoke, settings.RETRY_SECONDS, log, signal);
  const route = createRouter({ home, engine, functions, invoke, enqueue, concurrency: settings.CONCURRENCY });
  const server = await startApi(settings.PORT, route, log, signal);
  log.info('ready', { address: server.address(), network: nat.own.network });

  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await sandboxes.close();
  await volume.remove();
}

// Without its texts zod only says that something is wrong.
z.config(z.locales.en());
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
try {
  const settings = readSettings(process.env);
  const log = createLog(settings.LOG, (line) => void process.stderr.write(line));
  await run(settings, log, stop.signal);
  // Whatever is still open belongs to invocations that have just been cut off.
  process.exit(0);
} catch (error) {
  process.stderr.write(`lambda-local: ${reason(error)}\n`);
  process.exit(1);
}
