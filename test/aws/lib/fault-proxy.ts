import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';

/** What a request is answered with in place of the server's own answer. */
export interface Fault {
  status: number;
  /** AWS's name of the error. */
  type: string;
  message: string;
  /** Answers before the server is heard again; undefined: all. */
  times?: number;
  headers?: Record<string, string>;
}

/** A proxy in front of an AWS endpoint that fails as it is told. */
export interface FaultProxy {
  readonly url: string;
  /** `METHOD path` of every request, with the operation of the JSON protocol behind it. */
  readonly requests: string[];
  /** Requests whose line matches fail from now on. */
  fail(pattern: RegExp, fault: Fault): void;
  /** Changes what the server answers to requests whose line matches. */
  rewrite(pattern: RegExp, change: (body: string) => string): void;
  heal(): void;
  stop(): Promise<void>;
}

/** Starts a proxy for `target`, on loopback unless told otherwise. */
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
