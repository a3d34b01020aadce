import { execa } from 'execa';

const HERE = new URL('official-client/', import.meta.url).pathname;
const ROOT = new URL('../../', import.meta.url).pathname;

/**
 * An image whose ENTRYPOINT is AWS's runtime client for Node.js and whose CMD names a handler of
 * official-client/.
 */
export const OFFICIAL_CLIENT = 'boxer-test/official-client:1';

/**
 * Builds OFFICIAL_CLIENT: some minutes the first time, quick afterwards. Its install scripts run inside the
 * build only.
 */
export async function buildOfficialClient(): Promise<void> {
  const install = `cd ${HERE} && cmp -s package-lock.json node_modules/.built-from || { npm ci --ignore-scripts && cp package-lock.json node_modules/.built-from; }`;
  const build = `docker buildx build --quiet --load --file ${HERE}Dockerfile --tag ${OFFICIAL_CLIENT} ${ROOT}`;
  await execa('flock', ['/tmp/boxer-official-client.lock', 'sh', '-c', `{ ${install}; } && ${build}`]);
}
