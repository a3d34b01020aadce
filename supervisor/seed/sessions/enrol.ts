import { ControlError } from '../../control/control-error.ts';
import type { Identity } from '../../control/psk.ts';
import type { JoinBody } from '../../protocol/join.ts';
import { LEASE } from '../nodes/lease.ts';
import type { NodeRecord, Slot } from '../nodes/node-record.ts';
import type { SeedContext } from '../seed-context.ts';
import { isExpired } from './admission.ts';

/** How long a node may return, ms. A phantom is a container. */
const RESUME_TTL = { ...LEASE, phantom: LEASE.container } as const;

export interface Enrolled {
  readonly node: NodeRecord;
  readonly slot: Slot;
  readonly resume: { readonly identity: string; readonly key: string };
  /** Whether the node returns; it then keeps its ports. */
  readonly back: boolean;
}

/**
 * Finds or creates the node for which a connection may speak. Rejects with ControlError: EACCES if the
 * identity has expired or does not permit the join; ESTALE if a newer launch or another node has taken the
 * node's place, or if no such node is known; EALREADY if the launch has been used; EAGAIN if the store is
 * away.
 */
export async function enrol(context: SeedContext, identity: Identity, join: JoinBody): Promise<Enrolled> {
  const { admission, absentees } = context;
  // The key was valid when the connection was opened, which may be some seconds ago.
  if (isExpired(identity)) throw new ControlError('EACCES', `the key of this ${identity.kind} has expired`);
  const { generations } = context.ledger;
  const slot = join.role === 'phantom' ? 'phantom' : 'host';
  const node = await nodeFor(context, identity, join);
  const resume = admission.resume(join.role, node.service, node.id, RESUME_TTL[join.role]);
  if (identity.kind !== 'resume') generations.begin(slot, node.id, resume.expires);
  if (slot === 'host') absentees.remove(node.id);
  const back = identity.kind === 'resume';
  return { node, slot, resume: { identity: resume.identity, key: resume.key }, back };
}

async function nodeFor(context: SeedContext, identity: Identity, join: JoinBody): Promise<NodeRecord> {
  const { registry, ledger, launches } = context;
  const { generations } = ledger;
  const role = join.role === 'container' ? 'container' : 'function';
  const slot = join.role === 'phantom' ? 'phantom' : 'host';
  switch (identity.kind) {
    case 'service': {
      if (join.role === 'function' || join.service !== identity.service) break;
      return registry.create(await ledger.allocate(identity.service, role), identity.service, role);
    }
    case 'launch': {
      if (join.role !== 'function' || join.service !== identity.service) break;
      const { service, nodeId, expires, nonce } = identity;
      await checkOwner(context, nodeId, { service, role });
      if (!generations.admit('launch', nodeId, expires)) throw stale(nodeId);
      await launches.lease(nonce, expires, join.claim);
      // A newer launch may have joined meanwhile.
      if (!generations.admit('launch', nodeId, expires)) throw stale(nodeId);
      return reclaimed(context, nodeId, { service, role });
    }
    case 'resume': {
      // A compromised function must not return as a container, which reports its own names.
      if (join.role !== identity.role || join.service !== identity.service) break;
      const { service, nodeId, expires } = identity;
      await checkOwner(context, nodeId, { service, role });
      if (!generations.admit(slot, nodeId, expires)) throw stale(nodeId);
      return reclaimed(context, nodeId, { service, role });
    }
  }
  throw new ControlError(
    'EACCES',
    `a ${identity.kind} identity does not allow to join as a ${join.role} of ${join.service}`,
  );
}

type Owner = Pick<NodeRecord, 'service' | 'role'>;

/**
 * Checks the owner of a node id. Rejects with ESTALE if no seed has given out the id, or if the id belongs to
 * another service. Changes nothing.
 */
async function checkOwner({ registry, ledger }: SeedContext, id: number, owner: Owner): Promise<void> {
  const node = registry.get(id) ?? (await ledger.find(id));
  if (node?.service !== owner.service || node.role !== owner.role) throw stale(id);
}

function reclaimed({ registry, ledger, absentees }: SeedContext, id: number, owner: Owner): NodeRecord {
  const node = registry.reclaim(id, owner, ledger.get(id), absentees.has(id));
  if (!node) throw stale(id);
  return node;
}

function stale(id: number): ControlError {
  return new ControlError(
    'ESTALE',
    `node ${id} is not known, was launched anew, or its id was given to another node`,
  );
}
