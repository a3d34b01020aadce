import { runBeside } from '../container/run-beside.ts';
import { loadRuntime, readConfig, readKey } from '../node/runtime.ts';
import { nodeConfig } from '../published/node-config.ts';
import { DIRECTORY, endingSignal, guestArgv, logOf, runCommand } from './run-command.ts';

/**
 * `boxer beside -- COMMAND...`: the supervisor of a guest that the launcher has started already. The launcher
 * passes the service socket in these two variables.
 */
void runCommand(async (args) => {
  const ended = endingSignal();
  const openSocket = {
    fd: Number(process.env.BOXER_SERVICE_FD),
    name: process.env.BOXER_SERVICE_NAME ?? '',
  };
  const options = {
    config: readConfig(nodeConfig),
    argv: guestArgv(args),
    key: readKey(),
    runtime: loadRuntime(DIRECTORY),
    log: logOf('node'),
  };
  try {
    await runBeside({ ...options, openSocket, ended });
  } catch (error) {
    // The guest has ended before the node had joined.
    if (!ended.aborted) throw error;
  }
  return 0;
});
