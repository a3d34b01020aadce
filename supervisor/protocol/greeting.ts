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
    'Opens a session. `version` is the newest version of the protocol that the sender speaks, and ' +
    '`oldest` the oldest one if that differs. The reply has the newest version that both sides speak; if ' +
    'there is none, the error is EPROTONOSUPPORT. `observers` are ports of the seed that tell a node its ' +
    'address and port as the seed sees them, see [Punching](control-network.md#punching).',
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
    'Shows that the sender is alive. The session itself sends it in every second in which nothing was sent ' +
    'or nothing arrived. A peer is suspect after 3 silent seconds, and is given up within 5 s of its last ' +
    'byte. A side that has paused reading goes on sending pings, and does not count the silence of its peer.',
  parseRequest: nothing,
  parseReply: done,
});
