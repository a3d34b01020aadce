import type { PolicyScope } from './iam/policies.ts';
import type { WantedFunction } from './wanted.ts';

/** What is known of the account without asking anybody: a role's ARN names it. */
export function scopeOf(
  project: string,
  wanted: readonly Pick<WantedFunction, 'role'>[],
  region = '*',
): PolicyScope {
  const roles = [...new Set(wanted.flatMap(({ role }) => (role === undefined ? [] : [role])))];
  return { project, account: /:(\d{12}):/.exec(roles[0] ?? '')?.[1] ?? '*', region, roles };
}
