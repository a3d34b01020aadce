// The function of the tests: it does what its event says, by hand-written calls of the Runtime API.
import { execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';

const print = (line) => process.stdout.write(`${line}\n`);
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const base = '/2018-06-01/runtime';

const call = (method, path, { headers = {}, write = (body) => body.end() } = {}) => {
  const { promise, resolve, reject } = Promise.withResolvers();
  const asked = request({ host, port, method, path: base + path, headers }, async (response) => {
    resolve({ status: response.statusCode, headers: response.headers, body: await buffer(response) });
  });
  asked.on('error', reject);
  write(asked);
  return promise;
};
const post = (path, body, headers) => call('POST', path, { headers, write: (asked) => asked.end(body) });

const actions = {
  echo: (id, value) => post(`/invocation/${id}/response`, JSON.stringify(value)),
  shell: (id, script) => {
    print(`running ${script}`);
    const output = execFileSync('/bin/sh', ['-c', `(${script}) 2>&1 || true`]).toString();
    return post(`/invocation/${id}/response`, JSON.stringify(output));
  },
  bytes: (id, count) => post(`/invocation/${id}/response`, Buffer.alloc(count, 'x')),
  error: (id, report) =>
    post(`/invocation/${id}/error`, JSON.stringify(report), {
      'Lambda-Runtime-Function-Error-Type': 'Function.TestError',
    }),
  exit: (_id, code) => process.exit(code),
  hang: () => new Promise(() => setInterval(() => {}, 1000)),
  // Chunks as given; `error` goes into the trailers.
  stream: (id, { chunks, repeat = 1, error }) =>
    call('POST', `/invocation/${id}/response`, {
      headers: {
        'Lambda-Runtime-Function-Response-Mode': 'streaming',
        Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
        'Transfer-Encoding': 'chunked',
      },
      write: async (body) => {
        for (let turn = 0; turn < repeat; turn++) for (const chunk of chunks) body.write(chunk);
        if (error !== undefined) {
          body.addTrailers({
            'Lambda-Runtime-Function-Error-Type': 'Function.Streamed',
            'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(error)).toString('base64'),
          });
        }
        body.end();
      },
    }),
  // What the Runtime API says to calls that it must not allow.
  transitions: async (id) => {
    const statuses = {
      initError: (await post('/init/error', '{}')).status,
      nextWhileWorking: (await call('GET', '/invocation/next')).status,
      otherRequest: (await post('/invocation/not-mine/response', '{}')).status,
      unknownPath: (await post('/nonsense', '{}')).status,
    };
    await post(`/invocation/${id}/response`, JSON.stringify(statuses));
    const again = await post(`/invocation/${id}/response`, '{}');
    print(`second response: ${again.status} ${again.body}`);
  },
};

print('cold');
if (process.env.INIT === 'fail') {
  await post('/init/error', JSON.stringify({ errorMessage: 'no luck', errorType: 'Runtime.NoLuck' }));
  process.exit(1);
}
for (let invocations = 1; ; invocations++) {
  const { headers, body } = await call('GET', '/invocation/next');
  const event = JSON.parse(body);
  const [[action, value] = ['echo', { invocations, headers }]] = Object.entries(event);
  await actions[action](headers['lambda-runtime-aws-request-id'], value);
}
