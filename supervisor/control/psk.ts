import { hkdfSync, randomBytes } from 'node:crypto';

/** Kinds of nodes that join: a boxed container, a function, or the phantom that stands in for a function. */
export const ROLES = ['container', 'function', 'phantom'] as const;
export type Role = (typeof ROLES)[number];

/**
 * The identity of a client that opens a connection; its text form is the TLS PSK identity. Times are ms since
 * the epoch; nonces are 32 hex digits.
 */
export type Identity =
  | { readonly kind: 'service'; readonly service: string; readonly nonce: string }
  | {
      readonly kind: 'launch';
      readonly service: string;
      readonly nodeId: number;
      readonly expires: number;
      readonly nonce: string;
    }
  | {
      readonly kind: 'resume';
      readonly role: Role;
      readonly service: string;
      readonly nodeId: number;
      readonly expires: number;
      readonly nonce: string;
    }
  | { readonly kind: 'admin'; readonly nonce: string }
  | { readonly kind: 'session'; readonly nonce: string };

export const KEY_SIZE = 32;

/** Maximum length of an identity. OpenSSL accepts up to 256 bytes. */
const IDENTITY_MAX = 255;
const NONCE = /^[0-9a-f]{32}$/;
const SERVICE = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const NUMBER = /^[1-9][0-9]{0,14}$/;

/** Returns 16 random bytes in hex. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/** Returns a fresh identity for a container of `service`; its key is `pskOf(serviceKey, identity)`. */
export function newServiceIdentity(service: string): string {
  return formatIdentity({ kind: 'service', service, nonce: newNonce() });
}

export function formatIdentity(identity: Identity): string {
  switch (identity.kind) {
    case 'service':
      return `service/${identity.service}/${identity.nonce}`;
    case 'launch':
      return `launch/${identity.service}/${identity.nodeId}/${identity.expires}/${identity.nonce}`;
    case 'resume': {
      const { role, service, nodeId, expires, nonce } = identity;
      return `resume/${role}/${service}/${nodeId}/${expires}/${nonce}`;
    }
    case 'admin':
    case 'session':
      return `${identity.kind}/${identity.nonce}`;
  }
}

/** Returns undefined for any text that `formatIdentity` would not have written. */
export function parseIdentity(text: string): Identity | undefined {
  if (text.length > IDENTITY_MAX) return undefined;
  const [kind, ...rest] = text.split('/');
  const nonce = rest.pop() ?? '';
  if (!NONCE.test(nonce)) return undefined;
  const [first = '', second = '', third = '', fourth = ''] = rest;
  if (kind === 'service' && rest.length === 1 && SERVICE.test(first)) return { kind, service: first, nonce };
  if (kind === 'launch' && rest.length === 3 && isNode(first, second, third))
    return { kind, service: first, nodeId: Number(second), expires: Number(third), nonce };
  const role = ROLES.find((known) => known === first);
  if (kind === 'resume' && rest.length === 4 && role && isNode(second, third, fourth))
    return { kind, role, service: second, nodeId: Number(third), expires: Number(fourth), nonce };
  if ((kind === 'admin' || kind === 'session') && rest.length === 0) return { kind, nonce };
  return undefined;
}

const isNode = (service: string, nodeId: string, expires: string) =>
  SERVICE.test(service) && NUMBER.test(nodeId) && NUMBER.test(expires);

/** Returns the key of all containers of a service. The containers get this key, never the project key. */
export function serviceKey(projectKey: Buffer, service: string): Buffer {
  return derive(projectKey, `boxer service ${service}`);
}

/** Returns the pre-shared key of one connection. */
export function pskOf(ikm: Buffer, identity: string): Buffer {
  return derive(ikm, identity);
}

function derive(ikm: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', ikm, Buffer.alloc(0), info, KEY_SIZE));
}
