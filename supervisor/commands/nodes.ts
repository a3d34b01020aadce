import { readConfig, readKey } from '../node/runtime.ts';
import { seedConfig } from '../published/node-config.ts';
import { listNodes, streamNodes } from '../seed/admin/nodes-command.ts';
import { runCommand } from './run-command.ts';

/** `boxer nodes [--json|--watch]`: lists the nodes, in the seed's container. */
void runCommand((args) => {
  const seed = { port: readConfig(seedConfig).port, projectKey: readKey() };
  return args.includes('--watch')
    ? streamNodes(seed)
    : listNodes({ ...seed, json: args.includes('--json'), pairs: args.includes('--pairs') });
});
