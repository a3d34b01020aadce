import type { Context } from './context.ts';

export async function doctor({ warn }: Context): Promise<number> {
  warn('not yet');
  return 1;
}
