import { ControlError } from '../../control/control-error.ts';
import { DEFLATE } from '../../control/deflated.ts';
import { negotiate } from '../../control/protocol-version.ts';
import type { Identity } from '../../control/psk.ts';
import { type Session, SILENT } from '../../control/session.ts';
import { Nodes, Watch } from '../../protocol/admin.ts';
import { Hello } from '../../protocol/greeting.ts';
import { Join, type JoinBody, type Joined } from '../../protocol/join.ts';
import { RELAY_SERVICE } from '../../published/node-config.ts';
import { PROBE_SERVICE } from '../../published/probe.ts';
import { gatherPairs } from '../admin/gather-pairs.ts';
import { watchNodes } from '../admin/watch-nodes.ts';
import { type Attachment, statusOf } from '../nodes/node-record.ts';
import type { SeedContext } from '../seed-context.ts';
import { enrol } from './enrol.ts';
import { serveNode } from './serve-node.ts';

/** How long a connection may take to join, ms. */
const JOIN_TIMEOUT = 5000;

/** Serves a connection whose identity has been proven, until the connection ends. */
export function serveSession(context: SeedContext, session: Session, identity: Identity): void {
  let capabilities: readonly string[] | undefined;
  let joined = false;
  const deadline = setTimeout(() => session.close('did not join'), JOIN_TIMEOUT);
  void session.closed.then(() => clearTimeout(deadline));

  session.handle(Hello, (hello) => {
    const version = negotiate({ newest: hello.version, oldest: hello.oldest ?? hello.version });
    capabilities = hello.capabilities ?? [];
    const { project, overlay } = context.config;
    return {
      version,
      project,
      overlay,
      capabilities: ['relay', 'punch'],
      observers: context.observers,
    };
  });

  if (identity.kind === 'admin') {
    session.handle(Nodes, async ({ pairs }) => {
      const nodes = context.registry.all();
      return { nodes: pairs ? await gatherPairs(nodes) : nodes.map(statusOf) };
    });
    session.handle(Watch, () => {
      clearTimeout(deadline);
      return watchNodes(session, context.registry);
    });
    return;
  }
  if (identity.kind === 'service' && identity.service === RELAY_SERVICE) {
    context.relays.serve(session, () => clearTimeout(deadline));
    return;
  }
  if (identity.kind === 'service' && identity.service === PROBE_SERVICE) {
    context.probes.serve(session, () => clearTimeout(deadline));
    return;
  }
  session.handle(Join, async (body) => {
    if (!capabilities || joined)
      throw new ControlError('EPROTO', joined ? 'this session has joined already' : 'hello comes first');
    joined = true;
    try {
      return await join(context, session, identity, body, capabilities.includes(DEFLATE));
    } catch (error) {
      joined = false;
      throw error;
    } finally {
      if (joined) clearTimeout(deadline);
    }
  });
}

async function join(
  context: SeedContext,
  session: Session,
  identity: Identity,
  body: JoinBody,
  takesDeflated: boolean,
): Promise<Joined> {
  const { registry, stream, filterProbe, names, quotas, log } = context;
  quotas.join(identity, session.remote.address);
  const { node, slot, resume, back } = await enrol(context, identity, body);
  const { local, via, requestId, functionName } = body;
  const observed = session.remote;
  const direct = local.address === observed.address && local.port === observed.port;
  // An advertised address leads here through an address translation; on the seed's own networks there is
  // none.
  const isOutside = context.config.advertise !== undefined && via !== session.local.address;
  const lost = new AbortController();
  const attachment: Attachment = {
    session,
    via,
    observed,
    direct,
    side: isOutside ? 'outside' : 'inside',
    // A host without a NAT answers packets to a closed port with a reset.
    nat: direct ? 'none' : 'unknown',
    filtering: direct ? 'resetting' : 'unknown',
    lost: lost.signal,
    requestId,
    functionName,
  };
  if (body.role !== 'function') {
    const duty = body.role === 'phantom' ? body.duty : undefined;
    registry.describe(node, names.permitted(node.service, body.networks), body.container, duty);
  }
  registry.attach(node, slot, attachment, back);
  log.info(
    `node ${node.id} (${body.role} of ${node.service}) joined from ${observed.address} by ${identity.kind}`,
  );
  void session.closed.then((reason) => {
    registry.detach(node, slot, attachment);
    if (reason === SILENT) lost.abort();
    log.info(`node ${node.id} (${body.role} of ${node.service}) left: ${reason}`);
  });
  if (slot === 'host' && !direct)
    void filterProbe
      .of(observed.address)
      .then((filtering) => registry.facts(node, attachment, { filtering }));
  serveNode(context, session, { node, slot, attachment });
  context.peerSeeds?.announceTo(session);
  stream.subscribe(session, node, attachment.side, takesDeflated);
  return { nodeId: node.id, address: node.address, observed, resume };
}
