import { encodeFrame } from '../control/frame.ts';
import { MessageType } from '../control/message-type.ts';
import type { Changes } from './membership-stream.ts';
import type { MembershipUpdate } from './messages.ts';
import { isVisible, memberFor, type NodeRecord, type Side, type Viewer } from './node-record.ts';

/** Characters of members' JSON in one message; well below the frame limit. */
const MAX_MESSAGE = 500_000;

/** Viewers with equal keys see the same nodes under the same names. */
export function viewKeyOf({ id, networks }: Viewer, side: Side): string {
  const keys = Object.keys(networks);
  return `${side} ${keys.length === 0 ? `node ${id}` : JSON.stringify(keys.sort())}`;
}

/**
 * What all nodes on the same networks see, as frames: whatever is told to many of them is put into words once. Between two
 * flushes the snapshot stands still; whoever comes meanwhile gets it, and what has changed since.
 */
export class MembershipView {
  readonly #viewer: Viewer;
  readonly #side: Side;
  /** Members' JSON as it was last told; forgotten when a member changes. */
  readonly #told = new Map<number, string>();
  #snapshot: readonly string[] | undefined;

  constructor(viewer: Viewer, side: Side) {
    this.#viewer = viewer;
    this.#side = side;
  }

  /** Frames that tell of the changes; [] where none can be seen from here. */
  delta(changed: Changes, find: (id: number) => NodeRecord | undefined, epoch: number): Buffer[] {
    const nodes: string[] = [];
    const removed: number[] = [];
    for (const [id, before] of changed) {
      const node = find(id);
      const member = node && this.#member(node);
      if (member) nodes.push(member);
      else if (isVisible(this.#viewer, { id, networks: before })) removed.push(id);
    }
    if (nodes.length + removed.length === 0) return [];
    return pages(nodes).map((page, index) =>
      frameOf({ epoch, snapshot: false, removed: index === 0 ? removed : [] }, page),
    );
  }

  /** What changed is no longer as it was told. To be called when it changes, not when it is told. */
  changed(id: number): void {
    this.#told.delete(id);
  }

  /** All that was flushed is part of the next snapshot. */
  flushed(): void {
    this.#snapshot = undefined;
  }

  /** Frames of everything there is: a snapshot, and `pending` changes since it was put into words. */
  snapshot(
    nodes: () => Iterable<NodeRecord>,
    pending: Changes,
    find: (id: number) => NodeRecord | undefined,
    head: Pick<MembershipUpdate, 'epoch' | 'seed' | 'gateways'>,
  ): Buffer[] {
    this.#snapshot ??= pages([...nodes()].flatMap((node) => this.#member(node) ?? []));
    const { epoch, seed, gateways = [] } = head;
    const first = { epoch, snapshot: true, removed: [], seed, gateways: { names: gateways } };
    const since = this.delta(pending, find, epoch);
    const last = this.#snapshot.length - 1;
    const frames = this.#snapshot.map((page, index) =>
      frameOf(
        {
          ...(index === 0 ? first : { epoch, snapshot: false, removed: [] }),
          ...(index < last || since.length > 0 ? { more: true } : {}),
        },
        page,
      ),
    );
    return [...frames, ...since];
  }

  #member(node: NodeRecord): string | undefined {
    const known = this.#told.get(node.id);
    if (known !== undefined) return known;
    const member = memberFor(this.#viewer, this.#side, node);
    if (!member) return undefined;
    const json = JSON.stringify(member);
    this.#told.set(node.id, json);
    return json;
  }
}

/** Members of one message each, at least one message. */
function pages(members: readonly string[]): string[] {
  const all: string[][] = [[]];
  let size = 0;
  for (const json of members) {
    size += json.length;
    if (size > MAX_MESSAGE) {
      all.push([]);
      size = json.length;
    }
    all.at(-1)?.push(json);
  }
  return all.map((page) => page.join());
}

function frameOf(fields: object, members: string): Buffer {
  const body = Buffer.from(`${JSON.stringify(fields).slice(0, -1)},"nodes":[${members}]}`);
  return encodeFrame({ type: MessageType.membership, flags: 0, id: 0, body });
}
