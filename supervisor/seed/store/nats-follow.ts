import { AckPolicy, DeliverPolicy, type JetStreamClient, type JsMsg } from '@nats-io/jetstream';
import { createInbox, type NatsConnection, nanos } from '@nats-io/transport-node';

/** The current state of a key of a bucket; without `data` if the key was removed or has expired. */
export interface KvMessage {
  readonly key: string;
  readonly revision: number;
  readonly data: Uint8Array | undefined;
}

export interface Following {
  /** Resolves when all present keys have been reported. */
  readonly snapshot: Promise<void>;
  /** Resolves when no more messages come: the watch was stopped, or the servers have lost it. */
  readonly ended: Promise<void>;
  over(): boolean;
  readonly stop: () => void;
}

/** Interval of the server's heartbeats, ms. After two missing heartbeats the server counts as gone. */
const HEARTBEAT = 1000;
/** How long the servers keep a watch without a client, ms. */
const FORGOTTEN_AFTER = 10_000;

/**
 * Reports the latest state of every key of a kind, then each change. Ends as soon as a message may have been
 * missed, instead of waiting for the client to recover: a server may lose the watch, and the caller then has
 * to compare the keys. Rejects with the client's error.
 */
export async function followSubjects(
  connection: NatsConnection,
  client: JetStreamClient,
  bucket: string,
  kind: string,
  tell: (message: KvMessage) => void,
): Promise<Following> {
  const prefix = `$KV.${bucket}.`;
  const stream = `KV_${bucket}`;
  const manager = await client.jetstreamManager(false);
  // The client's ordered consumer would notice only after half a minute that its server has gone.
  const { name, num_pending: pending } = await manager.consumers.add(stream, {
    deliver_subject: createInbox(),
    deliver_policy: DeliverPolicy.LastPerSubject,
    filter_subject: `${prefix}${kind}.>`,
    ack_policy: AckPolicy.None,
    flow_control: true,
    idle_heartbeat: nanos(HEARTBEAT),
    inactive_threshold: nanos(FORGOTTEN_AFTER),
    mem_storage: true,
    num_replicas: 1,
  });
  const consumer = await client.consumers.getPushConsumer(stream, name);
  const snapshot = Promise.withResolvers<void>();
  if (pending === 0) snapshot.resolve();
  let over = false;
  let received = 0;
  const messages = await consumer.consume({
    callback: (message) => {
      received += 1;
      // A message is missing; the next watch will find the change.
      if (message.info.deliverySequence !== received) stop();
      if (over) return;
      tell(read(message, prefix));
      if (received === pending) snapshot.resolve();
    },
  });
  const status = connection.status();
  const ended = Promise.withResolvers<void>();
  function stop(): void {
    if (over) return;
    over = true;
    messages.stop();
    (status as { stop?: () => void }).stop?.();
    manager.consumers.delete(stream, name).catch(() => undefined);
    ended.resolve();
  }
  void (async () => {
    for await (const { type } of messages.status())
      if (type === 'heartbeats_missed' || type === 'consumer_deleted') stop();
  })();
  void (async () => {
    for await (const { type } of status) if (type === 'reconnect') stop();
  })();
  void messages.closed().then(stop);
  return { snapshot: snapshot.promise, ended: ended.promise, over: () => over, stop };
}

function read({ subject, seq, headers, data }: JsMsg, prefix: string): KvMessage {
  const gone = headers?.has('KV-Operation') || headers?.has('Nats-Marker-Reason');
  return { key: subject.slice(prefix.length), revision: seq, data: gone ? undefined : data };
}
