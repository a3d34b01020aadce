import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ControlError } from '../control/control-error.ts';
import { BYTES, PING } from '../control/message.ts';
import { Ping } from './greeting.ts';
import { type AnyMessage, CONVERSATIONS, MESSAGES } from './messages.ts';

const parsersOf = (message: AnyMessage) =>
  'parse' in message ? [message.parse] : [message.parseRequest, message.parseReply];

test('two messages share a number only if different sides receive them', () => {
  const shared = MESSAGES.filter(
    ({ number }) => MESSAGES.filter((other) => other.number === number).length > 1,
  );
  expect(shared.map(({ name, from }) => `${name} from ${from}`)).toEqual([
    'meet from node',
    'meet from seed',
  ]);
  expect(CONVERSATIONS.every(({ messages }) => messages.length > 0)).toBe(true);
  expect(MESSAGES.every(({ number }) => number > 0 && number < 256)).toBe(true);
});

test('a session knows the number of the ping and the numbers of the messages with bytes as bodies', () => {
  expect(Ping.number).toBe(PING);
  expect(new Set(MESSAGES.filter(({ body }) => body === 'bytes').map(({ number }) => number))).toEqual(BYTES);
});

test.each(MESSAGES.map((message) => [`${message.name} from ${message.from}`, message] as const))(
  '%s: any JSON is either parsed or refused with EINVAL',
  (_name, message) => {
    const near = fc.record(
      {
        ...{ id: fc.jsonValue(), to: fc.ipV4(), port: fc.integer(), at: fc.nat(), from: fc.ipV4() },
        ...{ offer: fc.jsonValue(), ends: fc.jsonValue(), nodes: fc.jsonValue(), networks: fc.jsonValue() },
        ...{ ports: fc.jsonValue(), relays: fc.jsonValue(), distances: fc.jsonValue(), code: fc.jsonValue() },
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), near), fc.constantFrom(...parsersOf(message)), (body, parse) => {
        try {
          parse(body);
        } catch (error) {
          expect(error).toBeInstanceOf(ControlError);
          expect(error).toMatchObject({ code: 'EINVAL' });
        }
      }),
    );
  },
);
