import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { type Docker, docker } from '../../engine/docker.ts';
import { USUAL_SOCKET } from '../../engine/endpoint.ts';
import { inspectImages } from '../../engine/images.ts';
import { engineSocket } from '../../engine/socket.ts';
import { ownImages } from '../../project/own-images.ts';
import type { Check } from '../../report/check.ts';
import type { Context } from '../context.ts';

/** What the engine has to be able to do, tried: rootless engines, remapped users and remote hosts lack different parts. */
export async function abilityChecks({ engine, root, cwd }: Context): Promise<Check[]> {
  try {
    const { runtime, lambdaLocal = 'boxer/lambda-local' } = ownImages(root);
    const there = await inspectImages(engine, [lambdaLocal]);
    return await Promise.all([
      filesCheck(engine, cwd, runtime),
      socketCheck(engine, runtime),
      // An image that is not there is told of elsewhere.
      ...(there.has(lambdaLocal) ? [rightsCheck(engine, lambdaLocal)] : []),
    ]);
  } catch (error) {
    if (!(error instanceof BoxerError)) throw error;
    return [{ name: "the engine's abilities", ok: false, found: error.message, advice: error.hint ?? '' }];
  }
}

/**
 * Whether the engine can mount each of `paths`. A mount, unlike --volume, is checked when the container is created, and
 * nothing has to run.
 */
async function mounts(engine: Docker, image: string, paths: readonly string[]) {
  const options = paths.flatMap((path) => ['--mount', `type=bind,source=${path},target=${path}`]);
  const { code, stdout, stderr } = await docker(engine, ['create', ...options, image]);
  if (code === 0) await docker(engine, ['rm', stdout.trim()]);
  return { ok: code === 0, reason: stderr.trim() };
}

/** Keys, secrets and configs of a project are files of this machine that the engine mounts. */
async function filesCheck(engine: Docker, cwd: string, image: string): Promise<Check> {
  // On another host that has a folder of the project's name, too, this one is not.
  const own = mkdtempSync(join(tmpdir(), 'boxer-doctor-'));
  try {
    const { ok, reason } = await mounts(engine, image, [own, cwd]);
    return {
      name: 'files of this machine',
      ok,
      found: ok ? 'can be mounted' : reason,
      advice:
        "The engine does not see this machine's files, as on another host, or in a virtual machine that does not share this folder. " +
        'Run docker boxer on the host of the engine, or share the folder.',
    };
  } finally {
    rmdirSync(own);
  }
}

/** The local Lambda talks to the engine by its socket, on the engine's side. */
async function socketCheck(engine: Docker, image: string): Promise<Check> {
  const socket = await engineSocket(engine);
  const { ok, reason } = await mounts(engine, image, [socket]);
  return {
    name: 'docker.sock',
    ok,
    found: ok ? `${socket} can be mounted` : reason,
    advice: `The engine must listen on ${USUAL_SOCKET}, or, if it is rootless, where DOCKER_HOST or the context says.`,
  };
}

/** What the local Lambda does for every function's network. */
const TRY = [
  'ip netns add try && ip link add try type veth peer name far netns try',
  'nsenter --net=/run/netns/try nft add table inet try',
  'nsenter --net=/proc/$$/ns/net --mount=/proc/$$/ns/mnt true',
].join(' && ');

async function rightsCheck(engine: Docker, image: string): Promise<Check> {
  const rights = ['NET_ADMIN', 'SYS_ADMIN', 'SYS_PTRACE'].flatMap((right) => ['--cap-add', right]);
  const open = ['seccomp', 'apparmor'].flatMap((name) => ['--security-opt', `${name}=unconfined`]);
  const { code, stderr } = await docker(engine, [
    ...['run', '--rm', '--network', 'none', '--pid', 'host', ...rights, ...open],
    ...['--entrypoint', 'sh', image, '-c', TRY],
  ]);
  return {
    name: "local Lambda's rights",
    ok: code === 0,
    found: code === 0 ? 'makes networks for functions' : stderr.trim() || `exit code ${code}`,
    advice:
      "The local Lambda needs the host's processes (pid: host), NET_ADMIN and SYS_ADMIN. Use an engine without userns-remap " +
      'and without a policy against them, or provider: aws.',
  };
}
