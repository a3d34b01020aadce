import { choiceAt, type Fields } from './fields.ts';

/**
 * A phantom may have several functions for a while. A function is `standby` until others may find it by its
 * names, then `active`, and `draining` once another function has taken over. The overlay address of a
 * function and its name `node-<id>` lead to it in every state.
 */
export type Duty = 'standby' | 'active' | 'draining';

export function dutyAt(fields: Fields): Duty {
  return choiceAt(fields, 'duty', ['standby', 'active', 'draining']);
}
