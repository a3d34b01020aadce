import dns from 'node:dns/promises';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';

const say = (text) => process.stdout.write(`${text}\n`);

const check = async (name, behaviour) => {
  try {
    const good = await behaviour();
    say(`${good === true ? 'ok' : 'not ok'} - ${name}${good === true ? '' : `\n# ${JSON.stringify(good)}`}`);
  } catch (error) {
    say(`not ok - ${name}\n# ${error.stack.replaceAll('\n', '\n# ')}`);
  }
};
const codeOf = async (port, host) => {
  const socket = net.connect(port, host);
  return new Promise((resolve) =>
    socket.on('error', (error) => resolve(error.code)).on('connect', () => resolve('connected')),
  );
};

await check('fetch', async () => (await (await fetch('http://server:8000/hello')).text()) === 'hello\n');
await check('50 fetches at once', async () => {
  const all = await Promise.all(
    Array.from({ length: 50 }, async () => (await fetch('http://server:8000/hello')).text()),
  );
  return all.every((text) => text === 'hello\n');
});
await check('1 MB posted and back', async () => {
  const body = 'x'.repeat(1 << 20);
  return (await (await fetch('http://server:8000/', { method: 'POST', body })).text()) === body;
});
await check('an agent keeps its connection', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set();
  for (let i = 0; i < 5; i++) {
    const request = http.get({ host: 'server', port: 8000, path: '/hello', agent });
    const [response] = await once(request, 'response');
    ports.add(response.socket.localPort);
    for await (const _ of response);
  }
  agent.destroy();
  return ports.size === 1;
});
await check('addresses at both ends', async () => {
  const socket = net.connect(8000, 'server');
  await once(socket, 'connect');
  const { address } = await dns.lookup('server', 4);
  const own = (await dns.lookup(os.hostname(), 4)).address;
  socket.end('GET /ends HTTP/1.0\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += chunk;
  const [remote, local] = text
    .split('\r\n\r\n')[1]
    .split(' ')
    .map((one) => one.replace('::ffff:', ''));
  const seen = { remote, local, remoteAddress: socket.remoteAddress };
  return (remote === own && local === address) || { ...seen, own, address };
});
await check(
  'dns.lookup all',
  async () => (await dns.lookup('server', { all: true, family: 4 })).length === 1,
);
await check('dns.lookup of an unknown name', () =>
  dns.lookup('nobody.invalid').then(
    () => false,
    (error) => error.code === 'ENOTFOUND',
  ),
);
await check(
  'dns.resolve4',
  async () => (await dns.resolve4('server'))[0] === (await dns.lookup('server', 4)).address,
);
await check('a closed port is ECONNREFUSED', async () => (await codeOf(1, 'server')) === 'ECONNREFUSED');
await check('half-close', async () => {
  const socket = net.connect({ port: 8002, host: 'server', allowHalfOpen: true });
  socket.end('bye');
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text === 'bye';
});
await check('backpressure: 8 MB through an echo', async () => {
  const socket = net.connect(8002, 'server');
  socket.end(Buffer.alloc(8 << 20, 'x'));
  let bytes = 0;
  for await (const chunk of socket) bytes += chunk.length;
  return bytes === 8 << 20;
});
await check('an aborted connect', async () => {
  const socket = net.connect(8002, 'server');
  socket.destroy();
  await once(socket, 'close');
  return true;
});
await check('100 connections at once', async () => {
  const sockets = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const socket = net.connect(8002, 'server');
      await once(socket, 'connect');
      return socket;
    }),
  );
  const answers = await Promise.all(
    sockets.map(async (socket, i) => {
      socket.write(`${i}`);
      const [data] = await once(socket, 'data');
      socket.destroy();
      return `${data}` === `${i}`;
    }),
  );
  return answers.every(Boolean);
});
await check('networkInterfaces has the address of the own name', async () => {
  const { address } = await dns.lookup(os.hostname(), 4);
  return Object.values(os.networkInterfaces())
    .flat()
    .some((one) => one.address === address);
});
