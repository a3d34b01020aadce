import { join } from 'node:path';
import { runBundle } from './bundles/bundle.ts';
import { VERSION } from './published/version.ts';

/**
 * What `/opt/boxer/bin/boxer` starts. Each command is a bundle of its own (`commands/`, script/build.mjs), so
 * that a process loads and evaluates nothing that its command does not use.
 */
const COMMANDS = ['seed', 'relay', 'node', 'beside', 'phantom', 'probe', 'nodes', 'twins', 'inspect'];

const USAGE = `usage: boxer node -- COMMAND...     run COMMAND here, as a node of the overlay
       boxer phantom -- COMMAND...  run COMMAND in this service's twin
       boxer seed                   coordinate the project's nodes
       boxer relay                  carry connections between nodes, beside the seed
       boxer nodes [--json|--watch] list the nodes (in the seed's container)
       boxer running                wait until the function of this phantom runs
       boxer twins                  make and delete functions, as standard input says
       boxer inspect                look at the image around, as standard input asks
       boxer probe                  have functions measure the place that they run in
       boxer version
Without a command, in an AWS Lambda environment: be a function.
`;

function commandOf(name: string | undefined): string | undefined {
  if (name === undefined) return process.env.AWS_LAMBDA_RUNTIME_API ? 'function' : undefined;
  return COMMANDS.includes(name) ? name : undefined;
}

const name = process.argv[2];
const command = commandOf(name);
if (command !== undefined) {
  const directory = import.meta.dirname;
  // The byte code is made with the image (images/runtime/assemble.sh).
  runBundle(join(directory, `${command}.cjs`), join(directory, 'bytecode', `${command}.bin`));
} else if (name === 'version') {
  process.stdout.write(`boxer ${VERSION}\n`);
} else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
