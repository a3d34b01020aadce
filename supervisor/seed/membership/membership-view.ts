import { deflated } from '../../control/deflated.ts';
import { encodeFrame, type Frame } from '../../control/frame.ts';
import type { NamesByNetwork } from '../../protocol/join.ts';
import { MembershipChanged, type MembershipUpdate } from '../../protocol/membership.ts';
import { isVisible, memberFor, type NodeRecord, type Side, type Viewer } from '../nodes/node-record.ts';

/** Maximum number of characters of members' JSON in one message; well below the frame limit. */
const MAX_MESSAGE = 500_000;

/** Maps the id of a changed node to its networks before the change. */
export type Changes = ReadonlyMap<number, NamesByNetwork>;

/** Returns the key of a viewer's view. Viewers with equal keys see the same nodes under the same names. */
export function viewKeyOf({ id, networks }: Viewer, side: Side): string {
  const keys = Object.keys(networks);
  return `${side} ${keys.length === 0 ? `node ${id}` : JSON.stringify(keys.sort())}`;
}

/** One message for many nodes, in two encodings. Each encoding is made when it is first needed. */
export class Telling {
  readonly #frame: Frame;
  #plain: Buffer | undefined;
  #deflated: Buffer | undefined;

  constructor(body: Buffer) {
    this.#frame = { type: MembershipChanged.number, flags: 0, id: 0, body };
  }

  for(takesDeflated: boolean): Buffer {
    if (takesDeflated) this.#deflated ??= encodeFrame(deflated(this.#frame));
    else this.#plain ??= encodeFrame(this.#frame);
    return (takesDeflated ? this.#deflated : this.#plain) ?? encodeFrame(this.#frame);
  }
}

/**
 * The view that all nodes on the same networks share, as frames that are encoded once for all of them. The
 * snapshot stays the same between two flushes. A node that joins meanwhile gets the snapshot and the changes
 * since.
 */
export class MembershipView {
  readonly #viewer: Viewer;
  readonly #side: Side;
  /** The JSON of members as it was last sent; dropped when a member changes. */
  readonly #told = new Map<number, string>();
  #snapshot: readonly Telling[] | undefined;

  constructor(viewer: Viewer, side: Side) {
    this.#viewer = viewer;
    this.#side = side;
  }

  /** Returns the messages about the changes; [] if none is visible in this view. */
  delta(changed: Changes, find: (id: number) => NodeRecord | undefined, epoch: number): Telling[] {
    const { nodes, removed } = this.#seen(changed, find);
    if (nodes.length + removed.length === 0) return [];
    return pages(nodes).map((page, index) => tell(deltaOf(epoch, index === 0 ? removed : []), page));
  }

  /** Drops the encoded form of a member. Call this when the member changes, not when nodes are told. */
  changed(id: number): void {
    this.#told.delete(id);
  }

  /** Drops the snapshot, so that the next one includes all flushed changes. */
  flushed(): void {
    this.#snapshot = undefined;
  }

  /**
   * Returns the messages of a snapshot, encoded once between two flushes, and the messages of the `pending`
   * changes since. All but the last message have `more`.
   */
  snapshot(
    nodes: () => Iterable<NodeRecord>,
    pending: Changes,
    find: (id: number) => NodeRecord | undefined,
    head: Pick<MembershipUpdate, 'epoch' | 'seed' | 'gateways'>,
  ): Telling[] {
    const { epoch, seed, gateways = { names: [] } } = head;
    const first = { snapshot: true, seed, gateways };
    this.#snapshot ??= pages([...nodes()].flatMap((node) => this.#member(node) ?? [])).map((page, index) =>
      tell({ ...deltaOf(epoch, []), ...(index === 0 ? first : {}), more: true }, page),
    );
    const since = this.#seen(pending, find);
    const last = pages(since.nodes);
    return [
      ...this.#snapshot,
      ...last.map((page, index) =>
        tell(
          {
            ...deltaOf(epoch, index === 0 ? since.removed : []),
            ...(index < last.length - 1 ? { more: true } : {}),
          },
          page,
        ),
      ),
    ];
  }

  /** Returns the changes that are visible in this view. */
  #seen(
    changed: Changes,
    find: (id: number) => NodeRecord | undefined,
  ): { readonly nodes: string[]; readonly removed: number[] } {
    const nodes: string[] = [];
    const removed: number[] = [];
    for (const [id, before] of changed) {
      const node = find(id);
      const member = node && this.#member(node);
      if (member) nodes.push(member);
      else if (isVisible(this.#viewer, { id, networks: before })) removed.push(id);
    }
    return { nodes, removed };
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

/** Splits the members into messages; returns at least one. */
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

const deltaOf = (epoch: number, removed: readonly number[]) => ({ epoch, snapshot: false, removed });

const tell = (fields: object, members: string): Telling =>
  new Telling(Buffer.from(`${JSON.stringify(fields).slice(0, -1)},"nodes":[${members}]}`));
