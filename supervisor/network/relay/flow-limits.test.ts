import { expect, test } from '@jest/globals';
import { FlowAdmission } from './flow-limits.ts';

const limits = { flows: 100, flowsPerNode: 100, bytes: 1000, bytesPerNode: 1000 };

/** Returns a flow that never ends and holds `bytes()` bytes. */
const flowOf = (bytes: () => number) => ({
  done: new Promise<never>(() => undefined),
  held: bytes,
  reset: () => undefined,
});

test('a node whose flows hold the bytes is refused at the limit, and other nodes at twice the limit', () => {
  let stalled = 0;
  const admission = new FlowAdmission(
    limits,
    () => 2 * stalled,
    () => undefined,
  );
  for (let flow = 0; flow < 2; flow += 1) admission.admit('greedy', 'slow').hold(flowOf(() => stalled));
  stalled = 500;
  for (const [initiator, acceptor] of [['greedy'], ['other', 'slow']] as const)
    expect(() => admission.admit(initiator, acceptor)).toThrow(expect.objectContaining({ errno: 'ENOBUFS' }));
  admission.admit('other', 'third').release();
  stalled = 1000;
  expect(() => admission.admit('other', 'third')).toThrow(expect.objectContaining({ errno: 'ENOBUFS' }));
  stalled = 100;
  admission.admit('greedy', 'slow').release();
});
