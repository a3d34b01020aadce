import type { PolicyScope } from './iam/policies.ts';
import type { WantedFunction } from './wanted.ts';

/** The policy scope as far as it is known without a request: the ARN of a role names the account. */
export function scopeOf(
  project: string,
  wanted: readonly Pick<WantedFunction, 'role'>[],
  region = '*',
): PolicyScope {
  const roles = [...new Set(wanted.flatMap(({ role }) => (role === undefined ? [] : [role])))];
  return { project, account: /:(\d{12}):/.exec(roles[0] ?? '')?.[1] ?? '*', region, roles };
}
