import { ControlError } from '../control/control-error.ts';
import type { Identity } from '../control/psk.ts';
import type { JoinBody } from './messages.ts';
import type { NodeRecord, Slot } from './node-record.ts';
import type { SeedContext } from './seed-context.ts';

/** How long a node may resume, ms. Functions live for 15 minutes at most; a container's host may sleep for days. */
const RESUME_TTL = { function: 86_400_000, container: 30 * 86_400_000, phantom: 30 * 86_400_000 } as const;

export interface Enrolled {
  readonly node: NodeRecord;
  readonly slot: Slot;
  readonly resume: { readonly identity: string; readonly key: string };
}

/**
 * Finds or makes the node that a connection may speak for. Throws ControlError EACCES where the identity does not entitle to
 * what `join` asks, ESTALE where a newer launch or another node has taken its place.
 */
export function enrol(context: SeedContext, identity: Identity, join: JoinBody): Enrolled {
  const { admission, generations } = context;
  const slot = join.role === 'phantom' ? 'phantom' : 'host';
  const node = nodeFor(context, identity, join);
  const resume = admission.resume(node.service, node.id, RESUME_TTL[join.role]);
  if (identity.kind !== 'resume') generations.begin(slot, node.id, resume.expires);
  return { node, slot, resume: { identity: resume.identity, key: resume.key } };
}

function nodeFor(context: SeedContext, identity: Identity, join: JoinBody): NodeRecord {
  const { registry, generations } = context;
  const role = join.role === 'container' ? 'container' : 'function';
  const slot = join.role === 'phantom' ? 'phantom' : 'host';
  switch (identity.kind) {
    case 'service': {
      if (join.role === 'function' || join.service !== identity.service) break;
      return registry.create(identity.service, role);
    }
    case 'launch': {
      if (join.role !== 'function') break;
      if (!generations.admit('launch', identity.nodeId, identity.expires)) throw stale(identity.nodeId);
      const known = registry.get(identity.nodeId);
      return known?.role === 'function' ? known : reclaimed(context, identity.nodeId, join.service, role);
    }
    case 'resume': {
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
  const node = context.registry.reclaim(id, service, role);
  if (!node) throw stale(id);
  return node;
}

function stale(id: number): ControlError {
  return new ControlError('ESTALE', `node ${id} was launched anew, or its id was given to another node`);
}
