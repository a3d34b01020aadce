import { namesInWords } from '../compose/provider-names.ts';
import { docker } from '../engine/docker.ts';
import type { Context } from './context.ts';

const overview = `Usage:  docker boxer [OPTIONS] COMMAND

Runs a Compose project with the replicas of annotated services (x-boxer: lambda) in Lambda functions.
Options and commands are those of docker compose; these are different or new:

Commands:
  build       Build images and the twins of functions
  config      Print the rewritten model
  cost        Show what functions have cost so far, and cost an hour
  doctor      Check what Boxer needs on this machine
  down        Stop and remove containers, networks and functions
  events      Receive events from containers and nodes
  iam         Print the IAM policies that the project needs
  link        Make plain docker compose in this directory use the rewritten model
  logs        View output from containers and functions
  plan        Show what up would do, and what it costs
  probe       Measure the place that functions run in
  ps          List replicas with their nodes
  push        Push images, on AWS the twins into the project's repository
  scale       Scale services
  stop        Stop services
  unlink      Undo link
  up          Create and start containers and functions
  version     Show the version of Boxer

Every other command of docker compose works as well: exec, run, restart, kill, top, port, ...
Run 'docker boxer COMMAND --help' for more information on a command.`;

const own: Readonly<Record<string, string>> = {
  link: `Usage:  docker boxer link

Set COMPOSE_FILE in .env of the project directory to the project's files and the generated override`,
  unlink: `Usage:  docker boxer unlink

Take COMPOSE_FILE out of .env again, as it was before link`,
  doctor: `Usage:  docker boxer doctor [--aws]

Check what Boxer needs on this machine and in this project; exit code 1 if something is missing

Options:
      --aws   Look at the AWS account, too: credentials, repository, functions, concurrency, role, the seed's
              address, the ports that have to be open, and how functions connect`,
  ps: `Usage:  docker boxer ps [OPTIONS] [SERVICE...]

List replicas with target, node, address, request id and uptime

Options:
  -a, --all             Show stopped replicas too
      --format string   table or json (one object a line)
      --network         Show how connections between nodes are made, and why
      --watch           Show the list anew whenever something changes

Every other option of docker compose ps gives the table of docker compose ps.`,
  plan: `Usage:  docker boxer plan [OPTIONS] [SERVICE...]

Show what up would create, change and leave, the IAM actions that it takes, and what it costs. Changes nothing

Options:
      --json              Print JSON
      --provider string   ${namesInWords}, in place of what the compose file says`,
  probe: `Usage:  docker boxer probe [OPTIONS]

Run two functions that measure the place they are in: NAT, punching between them, refused system calls, limits,
times and throughput. What it makes for that it takes away again. On AWS it shows a plan and asks first

Options:
      --addresses         Leave public and private addresses in the report; otherwise words stand for them
      --json              Print the report as JSON, which can be attached to an issue
      --provider string   ${namesInWords}, in place of what the compose file says
      --trials int        Connections to punch in each way (default 5)
  -y, --yes               Do not ask`,
  iam: `Usage:  docker boxer iam [--json] [deployer|phantom|function|trust]

Print the IAM policies for whoever deploys, for phantoms and for the functions' role. Asks nobody`,
  cost: `Usage:  docker boxer cost [--json]

Show GB-seconds and dollars of the functions so far, and per hour at the present rate`,
  version: `Usage:  docker boxer version [--short] [--format json]

Show the version of Boxer`,
};

const provider = `      --provider string   ${namesInWords}, in place of what the compose file says`;

/** Options that Boxer adds to those of Compose. */
const added: Readonly<Record<string, string>> = {
  up: provider,
  create: provider,
  build: provider,
  push: provider,
  down: '      --functions   Remove functions and images of the project from AWS, too',
};

/** `--help`, `help [verb]` and a call without a verb. Compose prints the text for its verbs. */
export async function help({ engine, invocation, print, warn }: Context): Promise<number> {
  const { verb } = invocation;
  if (verb === undefined) {
    print(overview);
    return 0;
  }
  const text = Object.hasOwn(own, verb) ? own[verb] : undefined;
  if (text !== undefined) {
    print(text);
    return 0;
  }
  const { code, stdout, stderr } = await docker(engine, ['compose', verb, '--help']);
  if (stderr !== '') warn(stderr.trimEnd());
  print(stdout.trimEnd().replaceAll('docker compose', 'docker boxer'));
  if (code === 0 && Object.hasOwn(added, verb)) print(`\nOptions of Boxer:\n${added[verb]}`);
  return code;
}
