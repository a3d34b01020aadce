import { connect, credsAuthenticator, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { BoxerError } from '../../published/boxer-error.ts';
import { messageOf } from '../../published/message-of.ts';

export interface NatsSettings {
  /** The servers of one cluster, each as `host:port`. */
  readonly servers: readonly string[];
  readonly tls?: boolean | undefined;
  /** The content of an nkey seed (`SU...`) or of a `.creds` file; secret. */
  readonly credentials?: string | undefined;
}

/** The first version of the server that supports a TTL per key and reports when a key has expired. */
const SERVER_AT_LEAST = [2, 11];
const CONNECT_TIMEOUT = 5000;
const HINT =
  'x-boxer: seed.store names the servers; they must run JetStream and be nats-server 2.11 or later';

/**
 * Opens a connection that reconnects without limit. Rejects with BoxerError STORE, which names the servers
 * but never the credentials.
 */
export async function connectNats({ servers, tls, credentials }: NatsSettings): Promise<NatsConnection> {
  const where = servers.join(', ');
  const connection = await connect({
    servers: [...servers],
    name: 'boxer-seed',
    timeout: CONNECT_TIMEOUT,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    // Interval of pings, ms. A server that was cut off is noticed after two of them.
    pingInterval: 2000,
    maxPingOut: 2,
    ...(tls ? { tls: {} } : {}),
    ...(credentials === undefined ? {} : { authenticator: authenticatorOf(credentials) }),
  }).catch((error: unknown) => {
    const why = messageOf(error);
    throw new BoxerError('STORE', `NATS at ${where}: ${why}`, { hint: HINT });
  });
  const version = connection.info?.version ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = SERVER_AT_LEAST;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return connection;
  await connection.close();
  throw new BoxerError('STORE', `NATS at ${where} is version ${version}; 2.11 is needed`, { hint: HINT });
}

function authenticatorOf(credentials: string) {
  const text = Buffer.from(credentials.trim());
  return credentials.includes('-----BEGIN') ? credsAuthenticator(text) : nkeyAuthenticator(text);
}
