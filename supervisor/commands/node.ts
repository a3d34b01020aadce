import { runContainer } from '../container/run-container.ts';
import { loadRuntime, readConfig, readKey } from '../node/runtime.ts';
import { nodeConfig } from '../published/node-config.ts';
import { DIRECTORY, guestArgv, logOf, runCommand } from './run-command.ts';

/** `boxer node -- COMMAND...`: runs the command here, as a node of the overlay. */
void runCommand((args) =>
  runContainer({
    config: readConfig(nodeConfig),
    argv: guestArgv(args),
    key: readKey(),
    runtime: loadRuntime(DIRECTORY),
    log: logOf('node'),
  }),
);
