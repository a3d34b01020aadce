import { execa } from 'execa';

const HERE = new URL('official-client/', import.meta.url).pathname;
const ROOT = new URL('../../', import.meta.url).pathname;

/** An image whose ENTRYPOINT is AWS's runtime client for Node.js, and whose CMD names a handler. */
export const OFFICIAL_CLIENT = 'boxer-test/official-client:1';

/** Builds OFFICIAL_CLIENT unless it is up to date. Install scripts of packages run only inside the build. */
export async function buildOfficialClient(): Promise<void> {
  const isInstalled = 'cmp -s package-lock.json node_modules/.built-from';
  const installPackages = 'npm ci --ignore-scripts && cp package-lock.json node_modules/.built-from';
  const install = `cd ${HERE} && ${isInstalled} || { ${installPackages}; }`;
  const dockerfile = `${HERE}Dockerfile`;
  const build = `docker buildx build --quiet --load --file ${dockerfile} --tag ${OFFICIAL_CLIENT} ${ROOT}`;
  await execa('flock', ['/tmp/boxer-official-client.lock', 'sh', '-c', `{ ${install}; } && ${build}`]);
}
