import { ControlError } from '../../control/control-error.ts';
import type { Session } from '../../control/session.ts';
import { Connect } from '../../protocol/flows.ts';
import { Leave } from '../../protocol/join.ts';
import { Facts, Listening, Resolve, Reverse } from '../../protocol/membership.ts';
import { Forward, Launch, LeadWay, SetDuty } from '../../protocol/phantom.ts';
import { Meet, Punch } from '../../protocol/punch.ts';
import { RelayDistances } from '../../protocol/relay.ts';
import { type Attachment, isVisible, type NodeRecord, namesFor, type Slot } from '../nodes/node-record.ts';
import type { SeedContext } from '../seed-context.ts';

/** A connection that has joined, with its node and its slot in the node. */
export interface JoinedSession {
  readonly node: NodeRecord;
  readonly slot: Slot;
  readonly attachment: Attachment;
}

/** Handles the requests of nodes and phantoms that have joined. */
export function serveNode(context: SeedContext, session: Session, joined: JoinedSession): void {
  const { gateways } = context;
  const { node, slot } = joined;
  session.handle(Resolve, async ({ name }, { signal }) => ({
    addresses: await gateways.resolve(name, node.networks, signal),
  }));
  session.handle(Reverse, async ({ address }) => ({ names: await namesAt(context, node, address) }));
  session.handle(Leave, () => leave(context, session, joined));
  if (slot === 'host') serveHost(context, session, joined);
  else servePhantom(context, session, joined);
}

function serveHost(
  { registry, relays, flows, meetings, quotas, absentees }: SeedContext,
  session: Session,
  { node, attachment }: JoinedSession,
): void {
  const turn = quotas.changes();
  session.handle(Listening, async ({ ports }, { signal }) => {
    await turn(signal);
    if (node.host === attachment) registry.listening(node, ports);
  });
  relays.announceTo(session);
  session.handle(RelayDistances, ({ distances }) => relays.distances(attachment, distances));
  // After a restart the seed knows nodes that have not returned yet. Requests that need such a node wait for
  // it.
  const back = (address: string, signal: AbortSignal) => absentees.back(registry.idAt(address), signal);
  session.handle(Connect, async (request, { signal }) => {
    await back(request.address, signal);
    return { relay: await flows.connect(node, attachment, request, signal) };
  });
  session.handle(Facts, ({ nat }) => registry.facts(node, attachment, { nat }));
  session.handle(Meet, async (request, { signal }) => {
    await back(request.to, signal);
    return meetings.meet(node, attachment, request, signal);
  });
  session.handle(Punch, (introduction, { signal }) => meetings.punch(node, attachment, introduction, signal));
}

function servePhantom(
  { config, admission, ledger, phantomWays, registry, quotas }: SeedContext,
  session: Session,
  { node, attachment }: JoinedSession,
): void {
  const turn = quotas.changes();
  session.handle(SetDuty, async ({ duty }, { signal }) => {
    await turn(signal);
    if (node.phantom === attachment) registry.assign(node, duty);
  });
  let ended = new AbortController();
  void session.closed.then(() => ended.abort());
  session.handle(Launch, () => {
    const launch = admission.launch(node.service, node.id);
    ledger.generations.begin('launch', node.id, launch.expires);
    const { advertise } = config;
    if (!advertise) return { nodeId: node.id, ...launch };
    const seed = { address: advertise.host, port: advertise.port };
    return { nodeId: node.id, ...launch, outside: { seed, relay: phantomWays.port } };
  });
  session.handle(LeadWay, (way) => {
    // The phantom's earlier port is closed by now.
    ended.abort();
    ended = new AbortController();
    if (!session.ended) phantomWays.lead(way, attachment, ended.signal);
  });
  session.handle(Forward, (request, { signal }) => phantomWays.forward(node, attachment, request, signal));
}

/**
 * Resolves to the names of a node or of a host outside the overlay. The name from Docker's resolver comes
 * first, as it would for a neighbour. Rejects with ControlError ENOENT if no name is known.
 */
async function namesAt(
  { registry, gateways }: SeedContext,
  viewer: NodeRecord,
  address: string,
): Promise<string[]> {
  const node = registry.at(address);
  const names = node
    ? isVisible(viewer, node) && namesFor(viewer, node)
    : gateways.namesAt(address, viewer.networks);
  if (!names || names.length === 0) throw new ControlError('ENOENT', `no name is known for ${address}`);
  // In place of a function, its phantom has an address on the engine's networks.
  const place = node ? (node.phantom ?? node.host)?.observed.address : gateways.placeOf(address);
  const first = place === undefined ? [] : await gateways.nameHere(place);
  return [...new Set([...first, ...names])];
}

/** Detaches the node before the connection closes, as the reply says that others no longer see the node. */
function leave(
  { registry, ledger }: SeedContext,
  session: Session,
  { node, slot, attachment }: JoinedSession,
): void {
  registry.detach(node, slot, attachment);
  // A launch is useless once its phantom has left, and a host that has left must not return.
  const kind = slot === 'phantom' ? 'launch' : 'host';
  ledger.generations.begin(kind, node.id, Number.MAX_SAFE_INTEGER);
  setImmediate(() => void session.close('left'));
}
