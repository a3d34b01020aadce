import type { Endpoint } from '../control/endpoint.ts';
import { done, nothing, request } from '../control/message.ts';
import { type Duty, dutyAt } from './duty.ts';
import {
  choiceAt,
  endpointAt,
  type Fields,
  fieldsOf,
  integerAt,
  invalid,
  MAX_NODE_ID,
  optionalTextAt,
  textAt,
  textsAt,
} from './fields.ts';

/** Messages by which a node joins the overlay and leaves it. */

/** Maps a network to the names that a node has there. */
export type NamesByNetwork = Readonly<Record<string, readonly string[]>>;

/** A node's description of itself. */
export interface JoinRequest {
  readonly role: 'container' | 'function' | 'phantom';
  readonly service: string;
  readonly networks: NamesByNetwork;
  readonly hostname: string;
  /** Docker's container id; '' for a node that is not in a container. */
  readonly container: string;
  /** The request id of the Lambda invocation; functions only. */
  readonly requestId?: string | undefined;
  readonly functionName?: string | undefined;
  /** The duty of a phantom's node; the default is `active`. */
  readonly duty?: Duty | undefined;
}

export interface JoinBody extends JoinRequest {
  /** The local end of the node's control connection. */
  readonly local: Endpoint;
  /** The address of the seed's end as the node sees it, which is how the node reaches the seed. */
  readonly via: string;
  /**
   * A random token that is the same in every attempt of one process to join, so that a process that missed
   * the reply may ask again.
   */
  readonly claim?: string | undefined;
}

/** `key` is in hex. */
export interface Credentials {
  readonly identity: string;
  readonly key: string;
}

export interface Joined {
  readonly nodeId: number;
  /** The node's overlay address. */
  readonly address: string;
  /** The endpoint from which the seed sees the node. */
  readonly observed: Endpoint;
  /** Credentials for this node's next connection to a seed. */
  readonly resume: Credentials;
}

export const MAX_NETWORKS = 64;
/** Maximum number of names of one node on one network. */
export const MAX_NAMES = 64;
const MAX_NAMES_SIZE = 16_384;

function networksAt(fields: Fields): NamesByNetwork {
  const networks = fieldsOf(fields.networks);
  const keys = Object.keys(networks);
  if (keys.length > MAX_NETWORKS) throw invalid('networks', `at most ${MAX_NETWORKS} networks`);
  // Every node on these networks gets all of these names.
  if (JSON.stringify(networks).length > MAX_NAMES_SIZE)
    throw invalid('networks', `at most ${MAX_NAMES_SIZE} characters of names`);
  return Object.fromEntries(keys.map((network) => [network, textsAt(networks, network, MAX_NAMES)]));
}

export const Join = request<JoinBody, Joined>({
  number: 2,
  name: 'join',
  from: 'node or phantom',
  body:
    "{role: 'container'|'function'|'phantom', service, networks: {net: names[]}, hostname, container, " +
    'local: {address, port}, via: string, claim?: string, duty?: Duty, requestId?, functionName?} -> ' +
    '{nodeId, address, observed: {address, port}, resume: {identity, key}}',
  about:
    'Makes the sender a node. `local` is the local end of the control connection; without a NAT it equals ' +
    "`observed`. `via` is the address of the seed's end as the node sees it, by which the node also " +
    "reaches the seed's relay. `claim` is a random token that is the same in each attempt of one process, " +
    'so that a process that missed the reply may ask again. The join of a phantom reserves the node id ' +
    'and the address for its function. A function has the role, service, names, networks and container id ' +
    'of its phantom, which the launch identity names. The errors EACCES, ESTALE and EALREADY are final. ' +
    "EAGAIN means that the seed's store cannot be reached, and that the node should try again.",
  parseRequest(body) {
    const fields = fieldsOf(body);
    return {
      role: choiceAt(fields, 'role', ['container', 'function', 'phantom']),
      service: textAt(fields, 'service'),
      networks: networksAt(fields),
      hostname: textAt(fields, 'hostname'),
      container: textAt(fields, 'container', 64),
      requestId: optionalTextAt(fields, 'requestId'),
      functionName: optionalTextAt(fields, 'functionName'),
      local: endpointAt(fields, 'local'),
      via: textAt(fields, 'via', 45),
      claim: optionalTextAt(fields, 'claim', 32),
      duty: fields.duty === undefined ? undefined : dutyAt(fields),
    };
  },
  parseReply(body) {
    const fields = fieldsOf(body);
    const resume = fieldsOf(fields.resume);
    return {
      nodeId: integerAt(fields, 'nodeId', 1, MAX_NODE_ID),
      address: textAt(fields, 'address', 15),
      observed: endpointAt(fields, 'observed'),
      resume: { identity: textAt(resume, 'identity'), key: textAt(resume, 'key', 64) },
    };
  },
});

export const Leave = request({
  number: 9,
  name: 'leave',
  from: 'node or phantom',
  body: '{} -> {}',
  about:
    'Removes the sender from the overlay. When the reply comes, other nodes do not find the node any more, ' +
    'and its resume identity is no longer good.',
  parseRequest: nothing,
  parseReply: done,
});
