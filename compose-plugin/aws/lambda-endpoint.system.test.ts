import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';

let folder: string;
let probe: string;
const config = `
[profile direct]
region = eu-west-1
endpoint_url = http://127.0.0.1:4001/base
[profile services]
region = eu-west-1
services = bed
[profile plain]
region = eu-west-1
[services bed]
lambda =
  endpoint_url = http://127.0.0.1:4002
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-endpoint-'));
  writeFileSync(join(folder, 'config'), config);
  // The SDK caches the environment, so each case runs in a process of its own.
  probe = join(folder, 'probe.mjs');
  const { build } = await import('esbuild');
  await build({
    stdin: {
      contents:
        "import { configuredRegion } from './connect.ts';import { lambdaEndpoint } from " +
        "'./lambda-endpoint.ts';" +
        'console.log(await lambdaEndpoint(await configuredRegion()));',
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    outfile: probe,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node22' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['nothing', { AWS_REGION: 'us-east-1' }, 'undefined'],
  ['a plain profile', { AWS_PROFILE: 'plain' }, 'undefined'],
  ['China', { AWS_REGION: 'cn-north-1' }, 'undefined'],
  ['AWS_ENDPOINT_URL', { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: 'http://h:1' }, 'http://h:1'],
  [
    "Lambda's own variable before the general one",
    { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: 'http://h:1', AWS_ENDPOINT_URL_LAMBDA: 'https://l' },
    'https://l',
  ],
  ['endpoint_url of a profile', { AWS_PROFILE: 'direct' }, 'http://127.0.0.1:4001/base'],
  ['services of a profile', { AWS_PROFILE: 'services' }, 'http://127.0.0.1:4002'],
  [
    'FIPS',
    { AWS_REGION: 'us-east-1', AWS_USE_FIPS_ENDPOINT: 'true' },
    'https://lambda-fips.us-east-1.amazonaws.com',
  ],
])('%s', async (_, env, endpoint) => {
  const { stdout } = await execa(process.execPath, [probe], {
    env: { PATH: process.env.PATH, AWS_CONFIG_FILE: join(folder, 'config'), ...env },
    extendEnv: false,
  });
  expect(stdout).toBe(endpoint);
});
