import * as z from 'zod/mini';
import { type Nothing, nothing, notification, request } from '../control/message.ts';
import { type NodeEvent, type NodeStatus, nodeEvent, nodeStatus } from '../published/node-config.ts';
import { bodyOf, fieldsOf } from './fields.ts';

/** Requests of `boxer nodes` to the seed, and the seed's notifications to it. */

const parseNodes = bodyOf(z.object({ nodes: z.array(nodeStatus) }));

export const Nodes = request<{ readonly pairs?: boolean | undefined }, { readonly nodes: NodeStatus[] }>({
  number: 12,
  name: 'nodes',
  from: 'administrator',
  body: '{pairs?: boolean} -> {nodes: NodeStatus[]}',
  about:
    'Lists all nodes. If `pairs` is true, each node has the pairs of nodes that it has used. `NodeStatus` ' +
    'is in `supervisor/published/node-config.ts`.',
  parseRequest: (body) => ({ pairs: fieldsOf(body).pairs === true }),
  parseReply: parseNodes,
});

export const Watch = request<Nothing, { readonly nodes: NodeStatus[] }>({
  number: 24,
  name: 'watch',
  from: 'administrator',
  body: '{} -> {nodes: NodeStatus[]}',
  about: 'Lists all nodes. From then on the seed notifies the sender of every change with `node-event`.',
  parseRequest: nothing,
  parseReply: parseNodes,
});

export const NodeChanged = notification<NodeEvent>({
  number: 25,
  name: 'node-event',
  from: 'seed',
  body: '{time, event, node}',
  about: 'Reports one change of one node. It is `NodeEvent` in `supervisor/published/node-config.ts`.',
  parse: bodyOf(nodeEvent),
});
