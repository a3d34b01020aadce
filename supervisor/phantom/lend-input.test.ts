import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { Session } from '../control/session.ts';
import { connection } from '../network/relay/socket-testbed.ts';
import { Stdin, StdinEnd } from '../protocol/stdio.ts';
import { lendInput } from './lend-input.ts';

/**
 * A function's session, and the text that arrives at its guest's standard input. `>` stands for the end of
 * the input.
 */
async function guest() {
  const [near, far] = await connection();
  const ours = new Session(near);
  const theirs = new Session(far);
  for (const socket of [near, far]) socket.resume();
  let text = '';
  let wake = () => undefined as unknown;
  theirs.onNotification(Stdin, (body) => {
    text += String(body);
    wake();
  });
  theirs.onNotification(StdinEnd, () => {
    text += '>';
    wake();
  });
  /** All text that has arrived, as soon as it has so many characters. */
  const heard = async (characters: number) => {
    while (text.length < characters) await new Promise<void>((resolve) => (wake = resolve));
    return text;
  };
  return { session: ours, heard, close: () => Promise.all([ours.close(), theirs.close()]) };
}

test('standard input goes to the guest that serves, and every later guest sees its end, too', async () => {
  const source = new PassThrough();
  const input = lendInput(source);
  const [first, second, third] = await Promise.all([guest(), guest(), guest()]);
  source.write('one');
  input.give(first.session);
  expect(await first.heard(3)).toBe('one');
  input.give(second.session);
  source.end('two');
  expect(await second.heard(4)).toBe('two>');
  input.give(third.session);
  expect(await third.heard(1)).toBe('>');
  expect(await first.heard(3)).toBe('one');
  await Promise.all([first, second, third].map((one) => one.close()));
});
