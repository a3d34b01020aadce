import { seedContact } from '../identity/seed-contact.ts';
import { loadRuntime, readConfig, readKey } from '../node/runtime.ts';
import { RELAY_SERVICE, relayConfig } from '../published/node-config.ts';
import { runRelay } from '../standalone-relay/run-relay.ts';
import { DIRECTORY, DRAIN, endingSignal, logOf, runCommand } from './run-command.ts';

/** `boxer relay`: carries connections between nodes, beside the seed. */
void runCommand(async () => {
  const { relay: settings } = readConfig(relayConfig);
  const key = readKey();
  await runRelay({
    contact: () => seedContact(RELAY_SERVICE, key),
    addon: loadRuntime(DIRECTORY).addon,
    settings,
    drain: (settings?.drain ?? DRAIN) * 1000,
    signal: endingSignal(),
    log: logOf('relay'),
  });
  return 0;
});
