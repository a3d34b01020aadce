import { ControlError } from '../control/control-error.ts';
import type { Identity } from '../control/psk.ts';
import type { JoinBody } from './messages.ts';
import { LEASE } from './node-ledger.ts';
import type { NodeRecord, Slot } from './node-record.ts';
import type { SeedContext } from './seed-context.ts';

/** How long a connection may be resumed, ms; a phantom is a container. */
const RESUME_TTL = { ...LEASE, phantom: LEASE.container } as const;

export interface Enrolled {
  readonly node: NodeRecord;
  readonly slot: Slot;
  readonly resume: { readonly identity: string; readonly key: string };
  /** The node goes on as what it was at the seed before this one. */
  readonly back: boolean;
}

/**
 * Finds or makes the node that a connection may speak for. Throws ControlError EACCES where the identity does not entitle to
 * what `join` asks, ESTALE where a newer launch or another node has taken its place, EALREADY where the launch has been used, EAGAIN
 * where the store that has to know is away.
 */
export async function enrol(context: SeedContext, identity: Identity, join: JoinBody): Promise<Enrolled> {
  const { admission, absentees } = context;
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
      if (!generations.admit('launch', identity.nodeId, identity.expires)) throw stale(identity.nodeId);
      await launches.lease(identity.nonce, identity.expires, join.claim);
      // A newer one may have come over it.
      if (!generations.admit('launch', identity.nodeId, identity.expires)) throw stale(identity.nodeId);
      const known = registry.get(identity.nodeId);
      return known?.role === 'function' ? known : reclaimed(context, identity.nodeId, join.service, role);
    }
    case 'resume': {
      // A function that was taken over must not come back as a container, which says its own names.
      if (join.role !== identity.role || join.service !== identity.service) break;
      if (!generations.admit(slot, identity.nodeId, identity.expires)) throw stale(identity.nodeId);
      return reclaimed(context, identity.nodeId, identity.service, role);
    }
  }
  throw new ControlError(
    'EACCES',
    `a ${identity.kind} identity is none of a ${join.role} of ${join.service}`,
  );
}

function reclaimed(context: SeedContext, id: number, service: string, role: NodeRecord['role']): NodeRecord {
  const { registry, ledger, absentees } = context;
  const node = registry.reclaim(id, service, role, ledger.get(id), absentees.has(id));
  if (!node) throw stale(id);
  return node;
}

function stale(id: number): ControlError {
  return new ControlError('ESTALE', `node ${id} was launched anew, or its id was given to another node`);
}
