import { type NatsConnection, NoRespondersError, RequestError } from '@nats-io/transport-node';
import { ControlError, describeFailure, failureOf } from '../../control/control-error.ts';
import { fieldsOf, integerAt } from '../../protocol/fields.ts';
import { seal, unseal } from './seal.ts';
import type { Bus } from './store.ts';

/** A request is valid for its timeout and this margin, as clocks differ, ms. */
const MARGIN = 5000;
const LONGEST = 60_000;

/**
 * Creates a bus over the NATS subjects `boxer.<bucket>.<name>`. Requests and replies are sealed with the
 * project's key: nobody else can make or read one, or move one to another subject.
 */
export function createNatsBus(connection: NatsConnection, bucket: string, key: Buffer): Bus {
  const subjectOf = (name: string) => `boxer.${bucket}.${name}`;
  return {
    async request(to, message, timeout) {
      const subject = subjectOf(to);
      const body = seal(key, subject, { until: Date.now() + timeout + MARGIN, message });
      const answer = await connection.request(subject, body, { timeout }).catch((error: unknown) => {
        throw failure(error, to);
      });
      const { failed, reply } = fieldsOf(unseal(key, `${subject} answer`, answer.data));
      if (failed === true) throw failureOf(reply);
      return reply;
    },
    serve(name, handler, signal) {
      const subject = subjectOf(name);
      const answer = async (data: Uint8Array) => {
        try {
          const request = fieldsOf(unseal(key, subject, data));
          const until = integerAt(request, 'until', 0, Number.MAX_SAFE_INTEGER);
          if (until < Date.now() || until > Date.now() + LONGEST)
            throw new ControlError('ETIMEDOUT', 'the request is too old');
          return { failed: false, reply: (await handler(request.message)) ?? {} };
        } catch (error) {
          return { failed: true, reply: describeFailure(error) };
        }
      };
      const subscription = connection.subscribe(subject, {
        callback: (error, message) => {
          if (!error)
            void answer(message.data).then((reply) => message.respond(seal(key, `${subject} answer`, reply)));
        },
      });
      signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true });
    },
  };
}

function failure(error: unknown, to: string): ControlError {
  const gone =
    error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
  return new ControlError(gone ? 'ECONNRESET' : 'ETIMEDOUT', `seed ${to} does not answer`, { cause: error });
}
