/** Message types of the control network; bodies and answers are in `docs/control-network.md`. */
export const MessageType = {
  hello: 1,
  join: 2,
  membership: 3,
  listening: 4,
  resolve: 5,
  connect: 6,
  introduce: 7,
  launch: 8,
  leave: 9,
  ping: 10,
  reverse: 11,
  nodes: 12,
  forward: 13,
  facts: 14,
  meet: 15,
  punch: 16,
  met: 17,
  pairs: 18,
  ahead: 19,
  relayJoin: 20,
  relayOpen: 21,
  relayAbandon: 22,
  relayReset: 23,
  watch: 24,
  nodeEvent: 25,
  relays: 26,
  distances: 27,
  duty: 28,
  stdout: 32,
  stderr: 33,
  exit: 34,
  signal: 35,
  stdin: 36,
  stdinEnd: 37,
  started: 38,
  claim: 39,
  seeds: 40,
  way: 41,
  deserted: 42,
  probe: 48,
  probeMeet: 49,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

const rawTypes: ReadonlySet<number> = new Set([MessageType.stdout, MessageType.stderr, MessageType.stdin]);

/** Whether bodies of this type are bytes; all others are UTF-8 JSON. */
export function isRaw(type: number): boolean {
  return rawTypes.has(type);
}
