import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readCredentials } from './credentials-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'boxer-credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'boxer-aws');

test('readCredentials() reads the present content of the file each time', async () => {
  writeFileSync(file, JSON.stringify({ accessKeyId: 'A', secretAccessKey: 'B' }));
  expect(await readCredentials(file)).toEqual({ accessKeyId: 'A', secretAccessKey: 'B' });
  const expiration = '2030-01-01T00:00:00.000Z';
  writeFileSync(
    file,
    JSON.stringify({ accessKeyId: 'C', secretAccessKey: 'D', sessionToken: 'E', expiration }),
  );
  expect(await readCredentials(file)).toEqual({
    accessKeyId: 'C',
    secretAccessKey: 'D',
    sessionToken: 'E',
    expiration: new Date(expiration),
  });
});

test.each(['', 'no JSON: hush', '{"accessKeyId":"hush"}'])(
  'the content %j is refused, and the error does not quote it',
  async (text) => {
    writeFileSync(file, text);
    const error: unknown = await readCredentials(file).catch((cause: unknown) => cause);
    expect(String(error)).toContain(`${file} holds no credentials for Lambda`);
    expect(JSON.stringify(error) + String(error)).not.toContain('hush');
    await expect(readCredentials(join(folder, 'none'))).rejects.toThrow('holds no credentials');
  },
);
