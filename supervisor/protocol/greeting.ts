import { done, nothing, PING, request } from '../control/message.ts';
import { fieldsOf, integerAt, integersAt, textAt, textsAt } from './fields.ts';

/** The messages that open every connection to a seed and keep it alive. */

export interface HelloRequest {
  /** The newest version of the protocol that this side speaks. */
  readonly version: number;
  /** The oldest version that this side speaks, if it differs from `version`. */
  readonly oldest?: number | undefined;
  readonly capabilities?: readonly string[] | undefined;
}

export interface HelloReply {
  /** The newest version that both sides speak. */
  readonly version: number;
  readonly project: string;
  /** The overlay's range in CIDR notation. */
  readonly overlay: string;
  readonly capabilities: readonly string[];
  /**
   * Ports of the seed that tell a caller the address and port from which the seed sees it. [] if the seed has
   * none.
   */
  readonly observers: readonly number[];
}

export const Hello = request<HelloRequest, HelloReply>({
  number: 1,
  name: 'hello',
  from: 'node, relay, probe or administrator',
  body:
    '{version, oldest?, capabilities?: string[]} -> {version, project, overlay, capabilities: string[], ' +
    'observers: number[]}',
  about:
    'The newest version of the protocol that the sender speaks, and the oldest where that is another ' +
    'one. The reply has the newest that both speak; EPROTONOSUPPORT where there is none. `observers` are ' +
    'ports where the seed tells a node how it sees it, see [Punching](control-network.md#punching).',
  parseRequest(body) {
    const fields = fieldsOf(body);
    const version = integerAt(fields, 'version', 1, 255);
    return {
      version,
      oldest: fields.oldest === undefined ? version : integerAt(fields, 'oldest', 1, version),
      capabilities: fields.capabilities === undefined ? [] : textsAt(fields, 'capabilities', 64),
    };
  },
  parseReply(body) {
    const fields = fieldsOf(body);
    return {
      version: integerAt(fields, 'version', 1, 255),
      project: textAt(fields, 'project'),
      overlay: textAt(fields, 'overlay'),
      capabilities: textsAt(fields, 'capabilities', 64),
      observers: fields.observers === undefined ? [] : integersAt(fields, 'observers', 8, 65_535),
    };
  },
});

export const Ping = request({
  number: PING,
  name: 'ping',
  from: 'both sides',
  body: '{} -> {}',
  about:
    'Sent by the session itself in every second in which nothing was sent or nothing arrived. A peer is ' +
    'suspect after 3 silent seconds and is given up within 5 s of its last byte. A side that has paused ' +
    'reading goes on sending pings, and does not hold silence against its peer.',
  parseRequest: nothing,
  parseReply: done,
});
