import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { readModel } from '../compose/read-model.ts';
import { checkedAnnotations } from '../project/annotations.ts';
import type { Context } from './context.ts';
import { ownArguments, planOptions } from './own-arguments.ts';

/**
 * `iam [deployer|phantom|function|trust] [--json]`: prints the policies that the project needs. Makes no
 * request.
 */
export async function iam(context: Context): Promise<number> {
  const { engine, invocation, project, print } = context;
  const { values, positionals } = ownArguments(invocation.args, planOptions);
  const { model } = await readModel(engine, invocation, project);
  const { project: settings, services } = checkedAnnotations(context, model);
  const [{ deployerPolicy, functionPolicy, functionTrust, phantomPolicy }, { scopeOf }] = await Promise.all([
    import('../aws/iam/policies.ts'),
    import('../aws/scope.ts'),
  ]);
  const roles = [...services.values()].map(({ role }) => ({ role: role ?? settings.role }));
  const scope = scopeOf(model.name, roles, settings.region);
  const policies: Record<string, object> = {
    deployer: deployerPolicy(scope),
    phantom: phantomPolicy(scope),
    function: functionPolicy(scope),
    trust: functionTrust,
  };
  const [name] = positionals;
  if (name !== undefined) {
    const found = Object.hasOwn(policies, name) ? policies[name] : undefined;
    if (found === undefined || positionals.length > 1) {
      throw new BoxerError(
        'USAGE',
        `iam prints one of ${Object.keys(policies).join(', ')}, or all, and not ${positionals.join(' ')}`,
      );
    }
    print(JSON.stringify(found, undefined, 2));
    return 0;
  }
  if (values.json) print(JSON.stringify(policies, undefined, 2));
  else
    print(
      Object.entries(policies)
        .map(([key, value]) => `${titles[key]}\n${JSON.stringify(value, undefined, 2)}`)
        .join('\n\n'),
    );
  return 0;
}

const titles: Readonly<Record<string, string>> = {
  deployer: '# deployer: for whoever runs docker boxer up, push and down --functions',
  phantom: '# phantom: for the credentials that x-boxer.credentials names',
  function: "# function: the permissions of the functions' execution role",
  trust: "# trust: the trust policy of the functions' execution role",
};
