import type { NotificationMessage, RequestMessage } from '../control/message.ts';
import * as admin from './admin.ts';
import * as flows from './flows.ts';
import * as greeting from './greeting.ts';
import * as join from './join.ts';
import * as membership from './membership.ts';
import * as phantom from './phantom.ts';
import * as probe from './probe.ts';
import * as punch from './punch.ts';
import * as relay from './relay.ts';
import * as stdio from './stdio.ts';

/** A request or a notification. */
export type AnyMessage = RequestMessage<unknown, unknown> | NotificationMessage<unknown>;

/** The messages about one subject. */
export interface Conversation {
  readonly title: string;
  readonly file: string;
  readonly messages: readonly AnyMessage[];
}

/** Every message of the control network, by subject, in the order of the documentation. */
export const CONVERSATIONS: readonly Conversation[] = [
  conversation('On every connection to a seed', 'greeting.ts', greeting),
  conversation('Joining and leaving', 'join.ts', join),
  conversation('Membership and names', 'membership.ts', membership),
  conversation('Connections by a relay', 'flows.ts', flows),
  conversation('Punching', 'punch.ts', punch),
  conversation('Phantoms', 'phantom.ts', phantom),
  conversation('Between a function and its phantom', 'stdio.ts', stdio),
  conversation("Relays beside the seed's own", 'relay.ts', relay),
  conversation('Administration', 'admin.ts', admin),
  conversation('Probes', 'probe.ts', probe),
];

export const MESSAGES: readonly AnyMessage[] = CONVERSATIONS.flatMap(({ messages }) => messages);

function conversation(title: string, file: string, exported: object): Conversation {
  const messages = Object.values(exported).filter(isMessage);
  return {
    title,
    file,
    messages: messages.toSorted((a, b) => a.number - b.number || a.from.localeCompare(b.from)),
  };
}

function isMessage(value: unknown): value is AnyMessage {
  return typeof value === 'object' && value !== null && 'number' in value && 'about' in value;
}
