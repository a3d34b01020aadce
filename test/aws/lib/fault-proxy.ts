import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';

/** The answer that a request gets instead of the server's answer. */
export interface Fault {
  status: number;
  /** The name of the error on AWS. */
  type: string;
  message: string;
  /** How many requests get this answer; undefined: all. */
  times?: number;
  headers?: Record<string, string>;
}

/** A proxy in front of an AWS endpoint that makes requests fail as a test needs it. */
export interface FaultProxy {
  readonly url: string;
  /** The line `METHOD path` of each request. The operation follows if the request uses the JSON protocol. */
  readonly requests: string[];
  /** Makes requests whose line matches fail from now on. */
  fail(pattern: RegExp, fault: Fault): void;
  /** Changes the server's answers to requests whose line matches. */
  rewrite(pattern: RegExp, change: (body: string) => string): void;
  heal(): void;
  stop(): Promise<void>;
}

/** Starts a proxy for `target`, on loopback by default. */
export async function startFaultProxy(target: string, host = '127.0.0.1'): Promise<FaultProxy> {
  let rules: { pattern: RegExp; fault: Fault; left: number }[] = [];
  let changes: { pattern: RegExp; change: (body: string) => string }[] = [];
  const requests: string[] = [];
  const server = createServer((incoming, response) => {
    const operation = String(incoming.headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1);
    const line = `${incoming.method} ${incoming.url} ${operation}`.trim();
    requests.push(line);
    const rule = rules.find(({ pattern, left }) => left > 0 && pattern.test(line));
    if (rule !== undefined) {
      rule.left -= 1;
      const { status, type, message, headers } = rule.fault;
      incoming.resume();
      response.writeHead(status, {
        'content-type': 'application/json',
        'x-amzn-errortype': type,
        ...headers,
      });
      response.end(JSON.stringify({ __type: type, Type: 'User', message, Message: message }));
      return;
    }
    const { hostname, port } = new URL(target);
    const { method, url: path, headers } = incoming;
    const change = changes.find(({ pattern }) => pattern.test(line))?.change;
    const outgoing = request({ hostname, port, method, path, headers }, (answer) => {
      void relay(answer, change).then((body) => {
        const { 'transfer-encoding': _, 'content-length': __, ...rest } = answer.headers;
        response.writeHead(answer.statusCode ?? 502, { ...rest, 'content-length': body.length });
        response.end(body);
      });
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://${host}:${address.port}`,
    requests,
    fail: (pattern, fault) => {
      rules.push({ pattern, fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    rewrite: (pattern, change) => {
      changes.push({ pattern, change });
    },
    heal: () => {
      rules = [];
      changes = [];
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function relay(
  answer: IncomingMessage,
  change: ((body: string) => string) | undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return change === undefined ? body : Buffer.from(change(body.toString()));
}
