import type { Context } from './context.ts';

export async function complete({ warn }: Context): Promise<number> {
  warn('not yet');
  return 1;
}
