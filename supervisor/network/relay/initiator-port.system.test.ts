import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { openInitiatorPort } from './initiator-port.ts';

test('an initiator that resets its connection before accept() ends the wait with ECONNRESET', async () => {
  const { port, connection } = await openInitiatorPort('127.0.0.1', '127.0.0.1', { timeout: 10_000 });
  // execFileSync() blocks this process, so it accepts nothing meanwhile.
  const program = `
import socket, struct
s = socket.create_connection(('127.0.0.1', ${port}))
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
s.close()
`;
  execFileSync('python3', ['-c', program]);
  await expect(connection).rejects.toMatchObject({ errno: 'ECONNRESET' });
});
