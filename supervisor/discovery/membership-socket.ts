import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Member } from '../membership/join.ts';
import { type Directory, entriesOf, entryOf, type NodeEntry, visibleMembers } from './directory.ts';

/** A line of the membership socket. */
type MembershipEvent =
  | { readonly event: 'snapshot'; readonly nodes: readonly NodeEntry[] }
  | { readonly event: 'joined' | 'changed'; readonly node: NodeEntry }
  | { readonly event: 'left'; readonly node: { readonly id: number } };

export interface MembershipSocket {
  close(): void;
}

const MAX_CLIENTS = 64;
/**
 * Maximum number of unread bytes of a client. A client that exceeds it is closed; it may connect again for a
 * new snapshot.
 */
const MAX_UNREAD_BYTES = 1024 * 1024;

type Members = ReadonlyMap<number, Member>;

const lineOf = (event: MembershipEvent): string => `${JSON.stringify(event)}\n`;

function* changesBetween(before: Members, after: Members, self: number): Generator<MembershipEvent> {
  for (const [id, member] of after) {
    const known = before.get(id);
    if (known === member) continue;
    const node = entryOf(member, self);
    // Some changes of a member, such as how it can be reached, are not visible to guests.
    if (known && isDeepStrictEqual(node, entryOf(known, self))) continue;
    yield { event: known ? 'changed' : 'joined', node };
  }
  for (const id of before.keys()) if (!after.has(id)) yield { event: 'left', node: { id } };
}

/**
 * Reports the members of the overlay to every client of the Unix socket `path`: a snapshot first, then a line
 * of JSON for each change. Rejects with the system's error when the socket cannot be created.
 */
export async function serveMembership(directory: Directory, path: string): Promise<MembershipSocket> {
  const clients = new Set<Socket>();
  let told: Members = new Map();

  const send = (client: Socket, text: string) => {
    if (client.writableLength + text.length > MAX_UNREAD_BYTES) client.destroy();
    else client.write(text);
  };
  const tellChanges = () => {
    if (clients.size === 0) return;
    const now = visibleMembers(directory);
    const lines = [...changesBetween(told, now, directory.nodeId)].map(lineOf).join('');
    told = now;
    if (lines !== '') for (const client of clients) send(client, lines);
  };
  const admit = (client: Socket) => {
    if (clients.size >= MAX_CLIENTS) return void client.destroy();
    tellChanges();
    if (clients.size === 0) told = visibleMembers(directory);
    clients.add(client);
    client.on('error', () => client.destroy());
    client.once('close', () => clients.delete(client));
    client.resume();
    client.write(lineOf({ event: 'snapshot', nodes: entriesOf(directory) }));
  };

  // A socket file that an earlier supervisor left behind would make listen() fail.
  await rm(path, { force: true });
  const server = createServer(admit);
  server.listen({ path, readableAll: true, writableAll: true });
  await once(server, 'listening');
  server.unref();
  const unsubscribe = directory.onChange(tellChanges);
  return {
    close() {
      unsubscribe();
      server.close();
      for (const client of clients) client.destroy();
    },
  };
}
