import { createInterface } from 'node:readline/promises';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Consent } from '../project/purpose.ts';
import type { Work } from '../project/work.ts';
import { awsWords } from './plan/aws-plan.ts';
import { changesAnything, type Plan } from './plan/plan.ts';
import { renderPlan } from './plan/render.ts';

/**
 * Shows the plan and asks the user to agree.
 * @throws BoxerError CONSENT if there is no terminal to ask on, CANCELLED if the answer is no
 */
export async function agree({ warn, engine }: Work, plan: Plan, consent: Consent): Promise<void> {
  if (consent === 'changes' && !changesAnything(plan)) return;
  warn(renderPlan(plan, awsWords));
  if (consent === 'given') return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new BoxerError('CONSENT', 'this costs money in an AWS account, and there is no terminal to ask', {
      hint: 'Look at the plan above and run `docker boxer up -d --yes`.',
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question('\nGo ahead? [y/N] ', { signal: engine.signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new BoxerError('CANCELLED', 'not wanted');
  } finally {
    lines.close();
  }
}
