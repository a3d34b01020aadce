// 4 workers share their listeners through the cluster module.
const cluster = require('node:cluster');
const { readFileSync } = require('node:fs');
const http = require('node:http');
const net = require('node:net');

if (cluster.isPrimary) {
  for (let i = 0; i < 4; i++) cluster.fork();
} else {
  const answer = (request, response) => {
    if (request.method === 'POST') return request.pipe(response);
    if (request.url === '/pid') return response.end(String(process.pid));
    if (request.url === '/ends')
      return response.end(
        `${request.socket.remoteAddress} ${request.socket.localAddress} ${request.socket.address().family}`,
      );
    try {
      response.end(readFileSync(`/srv/www${request.url}`));
    } catch {
      response.writeHead(404).end();
    }
  };
  http.createServer(answer).listen(8000);
  http.createServer(answer).listen({ host: '0.0.0.0', port: 8001, exclusive: false });
  net.createServer((socket) => socket.pipe(socket)).listen(8002);
}
