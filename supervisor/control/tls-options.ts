/** TLS 1.3 with an external PSK (RFC 8446, 2.2) and ephemeral keys; no certificates anywhere. */
export const TLS_OPTIONS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  ecdhCurve: 'X25519',
} as const;
