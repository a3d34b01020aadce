import { readFileSync } from 'node:fs';

/** One end of a row: the address as the kernel prints it, in hex, and the port. */
export interface TableEnd {
  readonly hex: string;
  readonly port: number;
}

/** A socket in the kernel's table of TCP sockets. */
export interface TcpRow {
  readonly local: TableEnd;
  readonly remote: TableEnd;
  /** One of `TcpState`, or another state of the kernel. */
  readonly state: string;
  /** For a listener: the number of connections in its accept queue. */
  readonly unread: number;
  /** `NO_INODE` before accept() has given the socket a file. */
  readonly inode: string;
}

export const TcpState = { established: '01', synReceived: '03', listening: '0A' } as const;
export const NO_INODE = '0';

const MAPPED_PREFIX = '0000000000000000FFFF0000';

/**
 * Returns the text of the table of one address family in this network namespace; '' if the kernel has no
 * IPv6. One read takes milliseconds, as the kernel walks over its whole table of connections.
 */
export function readTcpTable(family: 4 | 6): string {
  try {
    return readFileSync(family === 6 ? '/proc/self/net/tcp6' : '/proc/self/net/tcp', 'latin1');
  } catch {
    return '';
  }
}

/**
 * Yields the rows in the text of `/proc/net/tcp` and `tcp6`; lines of another form are left out. `isWanted`
 * is called with each line before the line is parsed, as the table may have thousands of lines.
 */
export function* tcpRows(text: string, isWanted: (line: string) => boolean = () => true): Generator<TcpRow> {
  for (const line of text.split('\n')) {
    const row = isWanted(line) ? rowOf(line) : undefined;
    if (row) yield row;
  }
}

/** Returns the dotted address; undefined for an IPv6 address that is not v4-mapped. */
export function ipv4Of(hex: string): string | undefined {
  if (hex.length !== 8 && !(hex.length === 32 && hex.startsWith(MAPPED_PREFIX))) return undefined;
  // The kernel prints each word of an address in host order (little endian).
  const word = hex.slice(-8);
  return [6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16)).join('.');
}

/** Returns a dotted IPv4 address as the kernel prints it: the reverse of `ipv4Of`. */
export const hexOf = (address: string): string => address.split('.').reverse().map(byteHex).join('');

/** Returns the end of a local or remote column that has this port. */
export const portSuffix = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;

const byteHex = (byte: string) => Number(byte).toString(16).padStart(2, '0').toUpperCase();

function endOf(text: string | undefined): TableEnd | undefined {
  const [, hex, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text ?? '') ?? [];
  return hex === undefined || port === undefined ? undefined : { hex, port: Number.parseInt(port, 16) };
}

function rowOf(line: string): TcpRow | undefined {
  const [, localText, remoteText, state, queues, , , , , inode = ''] = line.trim().split(/\s+/);
  const [local, remote] = [endOf(localText), endOf(remoteText)];
  if (!local || !remote || !state) return undefined;
  return { local, remote, state, unread: Number.parseInt(queues?.split(':')[1] ?? '0', 16), inode };
}
