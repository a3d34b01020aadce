import { constants } from 'node:crypto';

/**
 * TLS 1.3 with an external PSK (RFC 8446, 2.2) and ephemeral keys, without certificates and without
 * resumption: a session ticket proves an earlier handshake, not the key of this one. With SSL_OP_NO_TICKET, a
 * ticket is only the number of a session that the server would have to remember. Node.js remembers a session
 * only if the server has a listener for `resumeSession`, and Boxer's servers have none. OpenSSL still sends
 * two such numbers after each handshake (Node.js has no way to set SSL_CTX_set_num_tickets); no server
 * accepts them.
 */
export const TLS_OPTIONS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  ecdhCurve: 'X25519',
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;
