import { containerIds } from '../../engine/ids.ts';
import { readNodes } from '../../project/nodes/read-nodes.ts';
import type { ReadProject } from '../../project/project-data.ts';
import type { Work } from '../../project/work.ts';
import type { Check } from '../../report/check.ts';
import { table } from '../../report/table.ts';
import { awsFunctionName } from '../../twin/names.ts';
import { connectAws } from '../connect.ts';
import { type Openings, openingsOf } from '../openings.ts';
import { scopeOf } from '../scope.ts';
import { wantedFunctions } from '../wanted.ts';
import { accountChecks, type ExpectedFunction } from './account-checks.ts';
import { networkFindings } from './network-findings.ts';
import { seedChecks } from './seed-checks.ts';

/**
 * Checks everything on AWS that a project needs. Changes nothing.
 * @throws BoxerError as `connectAws`
 */
export async function doctorAws(
  context: Work,
  read: ReadProject | undefined,
): Promise<{ checks: Check[]; sections: string[] }> {
  const { engine, project } = context;
  if (read === undefined) {
    const advice = 'Write `x-boxer: lambda` at a service.';
    return {
      checks: [{ name: 'project on AWS', ok: false, found: 'no service has x-boxer', advice }],
      sections: [],
    };
  }
  const { model, annotations } = read;
  const settings = annotations.project;
  const { name } = model;
  const wanted = wantedFunctions(model, read.boxed, settings);
  const expected = [...annotations.services]
    .filter(([, { target }]) => target === 'lambda')
    .map(
      ([service]): ExpectedFunction => ({
        service,
        functionName: awsFunctionName(name, service),
        wanted: wanted.find((one) => one.service === service),
      }),
    );
  const roles = expected.map(({ service }) => ({
    role: annotations.services.get(service)?.role ?? settings.role,
  }));
  const scope = scopeOf(name, roles, settings.region);
  const aws = await connectAws(engine, settings.region, scope);
  const [seed] = await containerIds(
    engine,
    `label=com.docker.compose.project=${name}`,
    'label=io.boxer.role=seed',
    'status=running',
  );
  const [account, way, nodes] = await Promise.all([
    accountChecks(aws, expected),
    seedChecks(settings, seed !== undefined, engine.signal),
    readNodes(context, seed, true),
  ]);
  const openings = openingsOf(settings);
  return {
    checks: [...account, roleCheck(expected, roles, aws.scope.account), ...way],
    sections: [
      ...(openings === undefined ? [] : [renderOpenings(openings)]),
      networkFindings(project.folder, nodes),
    ],
  };
}

/** The schema has checked the form of the roles. Only Lambda knows whether it may assume them. */
function roleCheck(
  expected: readonly ExpectedFunction[],
  roles: readonly { role: string | undefined }[],
  account: string,
): Check {
  const without = expected.filter((_, index) => roles[index]?.role === undefined);
  const check = {
    name: 'execution role',
    advice:
      'Make one with what `docker boxer iam function` and `iam trust` print, and write its ARN as ' +
      '`role:` under x-boxer.',
  };
  if (without.length > 0)
    return { ...check, ok: false, found: `none for ${without.map(({ service }) => service).join(', ')}` };
  const names = [...new Set(roles.flatMap(({ role }) => (role === undefined ? [] : [role])))];
  const foreign = names.find((role) => account !== '*' && role.split(':')[4] !== account);
  if (foreign !== undefined)
    return {
      ...check,
      ok: false,
      found: `${foreign} is of another account than the repository (${account})`,
    };
  return { ...check, ok: true, found: names.join(', ') };
}

/** The rules as a table, for the person who sets up the security group. */
export function renderOpenings({ host, rules }: Openings): string {
  const rows = rules.map(({ protocol, ports, source, why }) => [protocol, ports, source, why]);
  return (
    `To be open on ${host} (security group, ` +
    `firewall):\n${table([['PROTOCOL', 'PORTS', 'SOURCE', 'WHY'], ...rows])}`
  );
}
