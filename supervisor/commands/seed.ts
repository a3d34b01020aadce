import { loadRuntime, readConfig, readKey, readStoreCredentials } from '../node/runtime.ts';
import { seedConfig } from '../published/node-config.ts';
import { runMeteredSeed } from '../seed/metrics/run-metered-seed.ts';
import { DIRECTORY, DRAIN, endingSignal, logOf, runCommand } from './run-command.ts';

/** `boxer seed`: coordinates the project's nodes until it is told to end. */
void runCommand(async () => {
  const config = readConfig(seedConfig);
  const log = logOf('seed');
  const options = {
    config,
    projectKey: readKey(),
    credentials: readStoreCredentials(),
    addon: loadRuntime(DIRECTORY).addon,
    signal: endingSignal(),
    drain: (config.relay?.drain ?? DRAIN) * 1000,
    log,
  };
  await runMeteredSeed(options, log);
  return 0;
});
