import { closeSync, writeSync } from 'node:fs';
import type { Addon } from './addon.ts';
import { NAME_MAX, writeIpv4 } from './wire.ts';

const MAGIC = 0x31544258;
const MAX_NODES = 8192;
const MAX_NAMES = 16_384;
const ENTRY_SIZE = 16;
const HOSTNAME_OFFSET = 64;
const NODES_OFFSET = HOSTNAME_OFFSET + NAME_MAX;
const NAMES_OFFSET = NODES_OFFSET + MAX_NODES * ENTRY_SIZE;
/** The size of one copy, in bytes. */
export const TABLE_SIZE = NAMES_OFFSET + MAX_NAMES * ENTRY_SIZE;
const COPIES = 2;

const NODE_DIRECT = 1;
const NODE_SELF = 2;
const NAME_ASK = 1;

/** Connections from this loopback address are signal connections; see docs/process-monitor.md. */
export const SIGNAL_SOURCE = '127.66.79.88';

/** The content of the table for one node. Addresses are dotted IPv4. */
export interface TableView {
  readonly overlayBase: string;
  readonly overlayMask: string;
  readonly selfOverlay: string;
  readonly selfUnderlay: string;
  /**
   * The address that a socket is bound to in place of the node's overlay address; '0.0.0.0' on a node that is
   * reached at several addresses.
   */
  readonly selfBound: string;
  readonly hostname: string;
  /** In a function: the user and group under which the platform runs it; images do not know them. */
  readonly account?: { readonly user: number; readonly group: number } | undefined;
  readonly nodes: readonly { id: number; overlay: string; direct?: string; self: boolean }[];
  /**
   * Names with one of their addresses each. For a name without an address, the process monitor asks the
   * supervisor.
   */
  readonly names: readonly { name: string; overlay?: string }[];
}

/** The table that every process monitor of the node maps read-only. */
export interface SharedTable {
  readonly fd: number;
  write(view: TableView): void;
  close(): void;
}

/**
 * Returns the 64-bit FNV-1a hash of a host name in the form in which the process monitor compares names:
 * lower case, without a trailing dot.
 */
export function hashName(name: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(name.toLowerCase().replace(/\.$/, ''), 'latin1'))
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash;
}

const addressNumber = (address: string) =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

function encodeNodes(view: TableView): Buffer {
  const nodes = [...view.nodes]
    .sort((a, b) => addressNumber(a.overlay) - addressNumber(b.overlay))
    .slice(0, MAX_NODES);
  const bytes = Buffer.alloc(nodes.length * ENTRY_SIZE);
  nodes.forEach((node, index) => {
    const offset = index * ENTRY_SIZE;
    writeIpv4(bytes, offset, node.overlay);
    if (node.direct) writeIpv4(bytes, offset + 4, node.direct);
    bytes.writeUInt32LE((node.direct ? NODE_DIRECT : 0) | (node.self ? NODE_SELF : 0), offset + 8);
    bytes.writeUInt32LE(node.id, offset + 12);
  });
  return bytes;
}

type Hashes = ReadonlyMap<string, bigint>;

/** Returns the hashes of the current names. Most of them are reused from the last write. */
function hashesOf({ names }: TableView, before: Hashes): Hashes {
  return new Map(names.map(({ name }) => [name, before.get(name) ?? hashName(name)]));
}

function encodeNames(view: TableView, hashes: Hashes): Buffer {
  const names = view.names
    .map((entry) => ({ ...entry, hash: hashes.get(entry.name) ?? hashName(entry.name) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0))
    .slice(0, MAX_NAMES);
  const bytes = Buffer.alloc(names.length * ENTRY_SIZE);
  names.forEach((entry, index) => {
    const offset = index * ENTRY_SIZE;
    bytes.writeBigUInt64LE(entry.hash, offset);
    if (entry.overlay) writeIpv4(bytes, offset + 8, entry.overlay);
    bytes.writeUInt32LE(entry.overlay ? 0 : NAME_ASK, offset + 12);
  });
  return bytes;
}

function encodeHeader(view: TableView, sequence: number, nodes: number, names: number): Buffer {
  const bytes = Buffer.alloc(NODES_OFFSET);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(sequence, 4);
  writeIpv4(bytes, 8, view.overlayBase);
  writeIpv4(bytes, 12, view.overlayMask);
  writeIpv4(bytes, 16, view.selfOverlay);
  writeIpv4(bytes, 20, view.selfUnderlay);
  writeIpv4(bytes, 24, SIGNAL_SOURCE);
  bytes.writeUInt32LE(nodes, 28);
  bytes.writeUInt32LE(names, 32);
  writeIpv4(bytes, 36, view.selfBound);
  bytes.writeUInt32LE(view.account ? view.account.user + 1 : 0, 56);
  bytes.writeUInt32LE(view.account ? view.account.group + 1 : 0, 60);
  bytes.write(view.hostname.slice(0, NAME_MAX - 1), HOSTNAME_OFFSET, 'latin1');
  return bytes;
}

function writeSequence(fd: number, copy: number, sequence: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(sequence >>> 0);
  writeSync(fd, bytes, 0, 4, copy + 4);
}

/**
 * Creates an empty table in anonymous memory. The caller writes the table before the guest starts, and closes
 * it.
 */
export function createSharedTable(addon: Addon): SharedTable {
  const fd = addon.memfdCreate('boxer-table', COPIES * TABLE_SIZE);
  let sequence = 0;
  let copy = 0;
  let hashes: Hashes = new Map();
  return {
    fd,
    write(view) {
      const nodes = encodeNodes(view);
      hashes = hashesOf(view, hashes);
      const names = encodeNames(view, hashes);
      // The sequence number of a copy is odd while the copy changes; readers then use the other copy. Each
      // pwrite is a system call, so the writes are ordered.
      writeSequence(fd, copy, sequence + 1);
      writeSync(fd, nodes, 0, nodes.length, copy + NODES_OFFSET);
      writeSync(fd, names, 0, names.length, copy + NAMES_OFFSET);
      const [nodeCount, nameCount] = [nodes.length / ENTRY_SIZE, names.length / ENTRY_SIZE];
      writeSync(fd, encodeHeader(view, (sequence + 1) >>> 0, nodeCount, nameCount), 0, NODES_OFFSET, copy);
      sequence = (sequence + 2) >>> 0;
      writeSequence(fd, copy, sequence);
      copy = (copy + TABLE_SIZE) % (COPIES * TABLE_SIZE);
    },
    close() {
      closeSync(fd);
    },
  };
}
