import { loadRuntime, readConfig, readKey } from '../node/runtime.ts';
import { runPhantom } from '../phantom/run-phantom.ts';
import { nodeConfig } from '../published/node-config.ts';
import { DIRECTORY, guestArgv, logOf, runCommand } from './run-command.ts';

/** `boxer phantom -- COMMAND...`: runs the command in this service's twin. */
void runCommand(async (args) => {
  const log = logOf('phantom');
  const outcome = await runPhantom({
    config: readConfig(nodeConfig),
    argv: guestArgv(args),
    key: readKey(),
    addon: loadRuntime(DIRECTORY).addon,
    log,
  });
  if (outcome.lastLine) log.error(outcome.lastLine);
  return outcome.exitCode;
});
