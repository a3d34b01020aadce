import { ControlError } from '../control/control-error.ts';
import { MessageType } from '../control/message-type.ts';
import type { Session } from '../control/session.ts';
import { type Attachment, isVisible, type NodeRecord, namesFor, type Slot } from './node-record.ts';
import {
  parseAddress,
  parseConnect,
  parseDuty,
  parseForward,
  parseListening,
  parseName,
  parseWay,
} from './parse-messages.ts';
import { parseFacts, parseMeet, parsePunch } from './parse-punch.ts';
import { parseDistances } from './relay-messages.ts';
import type { SeedContext } from './seed-context.ts';

/** A connection that has joined, and as what. */
export interface JoinedSession {
  readonly node: NodeRecord;
  readonly slot: Slot;
  readonly attachment: Attachment;
}

/** Handles what nodes and phantoms ask for once they have joined. */
export function serveNode(context: SeedContext, session: Session, joined: JoinedSession): void {
  const { gateways } = context;
  const { node, slot } = joined;
  session.handle(MessageType.resolve, async (body, { signal }) => ({
    addresses: await gateways.resolve(parseName(body), node.networks, signal),
  }));
  session.handle(MessageType.reverse, async (body) => ({
    names: await namesAt(context, node, parseAddress(body)),
  }));
  session.handle(MessageType.leave, () => leave(context, session, joined));
  if (slot === 'host') serveHost(context, session, joined);
  else servePhantom(context, session, joined);
}

function serveHost(
  { registry, relays, flows, meetings, quotas, absentees }: SeedContext,
  session: Session,
  { node, attachment }: JoinedSession,
): void {
  const turn = quotas.changes();
  session.handle(MessageType.listening, async (body, { signal }) => {
    const ports = parseListening(body);
    await turn(signal);
    if (node.host === attachment) registry.listening(node, ports);
  });
  relays.announceTo(session);
  session.handle(MessageType.distances, (body) => relays.distances(attachment, parseDistances(body)));
  // A seed that has just been restarted knows of nodes that are not back yet: whoever asks for them waits.
  const back = (address: string, signal: AbortSignal) => absentees.back(registry.idAt(address), signal);
  session.handle(MessageType.connect, async (body, { signal }) => {
    const target = parseConnect(body);
    await back(target.address, signal);
    return { relay: await flows.connect(node, attachment, target, signal) };
  });
  session.handle(MessageType.facts, (body) => registry.facts(node, attachment, { nat: parseFacts(body) }));
  session.handle(MessageType.meet, async (body, { signal }) => {
    const request = parseMeet(body);
    await back(request.to, signal);
    return meetings.meet(node, attachment, request, signal);
  });
  session.handle(MessageType.punch, (body, { signal }) =>
    meetings.punch(node, attachment, parsePunch(body), signal),
  );
}

function servePhantom(
  { config, admission, ledger, phantomWays, registry, quotas }: SeedContext,
  session: Session,
  { node, attachment }: JoinedSession,
): void {
  const turn = quotas.changes();
  session.handle(MessageType.duty, async (body, { signal }) => {
    const duty = parseDuty(body);
    await turn(signal);
    if (node.phantom === attachment) registry.assign(node, duty);
  });
  let ended = new AbortController();
  void session.closed.then(() => ended.abort());
  session.handle(MessageType.launch, () => {
    const launch = admission.launch(node.service, node.id);
    ledger.generations.begin('launch', node.id, launch.expires);
    const { advertise } = config;
    if (!advertise) return { nodeId: node.id, ...launch };
    const seed = { address: advertise.host, port: advertise.port };
    return { nodeId: node.id, ...launch, outside: { seed, relay: phantomWays.port } };
  });
  session.handle(MessageType.way, (body) => {
    // The one before is no longer open.
    ended.abort();
    ended = new AbortController();
    if (!session.ended) phantomWays.lead(parseWay(body), attachment, ended.signal);
  });
  session.handle(MessageType.forward, (body, { signal }) =>
    phantomWays.forward(node, attachment, parseForward(body), signal),
  );
}

/** The names of a node or a host outside; what Docker's resolver calls it comes first, as it would for a neighbour. */
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
  // A function's phantom has its place on the engine's networks.
  const place = node ? (node.phantom ?? node.host)?.observed.address : gateways.placeOf(address);
  const first = place === undefined ? [] : await gateways.nameHere(place);
  return [...new Set([...first, ...names])];
}

/** At once, not when the connection has closed: the answer says that others no longer see the node. */
function leave(
  { registry, ledger }: SeedContext,
  session: Session,
  { node, slot, attachment }: JoinedSession,
): void {
  registry.detach(node, slot, attachment);
  // A launch that has not arrived yet has nobody left to serve, and what a host was given to come back with is of no more use to anybody.
  const kind = slot === 'phantom' ? 'launch' : 'host';
  ledger.generations.begin(kind, node.id, Number.MAX_SAFE_INTEGER);
  setImmediate(() => void session.close('left'));
}
