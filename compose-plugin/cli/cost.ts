import { launchesOf } from '../aws/cost/launches.ts';
import { type ProjectCost, projectCost } from '../aws/cost/project-cost.ts';
import { dollars } from '../aws/cost/show.ts';
import type { Architecture } from '../compose/settings.ts';
import { containerIds } from '../engine/ids.ts';
import { inspectImages } from '../engine/images.ts';
import { projectOf } from '../project/nodes/project-of.ts';
import { readNodes } from '../project/nodes/read-nodes.ts';
import { readPhantoms } from '../project/phantoms.ts';
import { standingProvider } from '../provider/standing-provider.ts';
import { table } from '../report/table.ts';
import type { Context } from './context.ts';
import { ownArguments } from './own-arguments.ts';

/** `cost [--json]`: the cost of the project's functions so far, and of the running ones per hour. */
export async function cost(context: Context): Promise<number> {
  const { engine, invocation, print } = context;
  const { values } = ownArguments(invocation.args, { json: { type: 'boolean' } });
  const project = await projectOf(context);
  const [seed] = await containerIds(
    engine,
    `label=com.docker.compose.project=${project}`,
    'label=io.boxer.role=seed',
    'status=running',
  );
  const [nodes, phantoms] = await Promise.all([readNodes(context, seed), readPhantoms(engine, project)]);
  const launches = launchesOf(phantoms, nodes, Date.now());
  const { provider, region } = standingProvider(phantoms);
  const [billing, images] = await Promise.all([
    provider.cost.billing(engine, project),
    inspectImages(
      engine,
      launches.map(({ image }) => image),
    ),
  ]);
  const architectures = new Map<string, Architecture>(
    [...images].map(([id, { architecture }]) => [id, architecture === 'arm64' ? 'arm64' : 'x86_64']),
  );
  const found = projectCost({ project, provider: provider.name, region, launches, billing, architectures });
  print(values.json ? JSON.stringify(found, undefined, 2) : rendered(found, provider.cost.title(region)));
  return 0;
}

function rendered(found: ProjectCost, title: string): string {
  const { project, services } = found;
  if (services.length === 0) return `No function of ${project} has run since the last down.`;
  const row = (
    name: string,
    running: number,
    ended: number,
    gbSeconds: number,
    spent: number,
    hour: number,
  ) => [...[name, String(running), String(ended), gbSeconds.toFixed(1), dollars(spent), dollars(hour)]];
  const rows = services.map((one) =>
    row(one.service, one.running, one.ended, one.gbSeconds, one.cost, one.perHour),
  );
  const sum = (of: 'running' | 'ended') => services.reduce((all, one) => all + one[of], 0);
  if (services.length > 1) {
    rows.push(row('total', sum('running'), sum('ended'), found.gbSeconds, found.cost, found.perHour));
  }
  const head = ['SERVICE', 'RUNNING', 'ENDED', 'GB-SECONDS', 'USD SO FAR', 'USD PER HOUR NOW'];
  const known =
    found.countedBy === 'phantoms'
      ? 'By the time of phantoms that the engine still has; the bill of AWS decides.'
      : 'By what the local Lambda counted of functions that ended, and the time of those that run.';
  return `${title} (prices of ${found.pricesOf}, ${found.pricesDate}):\n${table([head, ...rows])}\n${known}`;
}
