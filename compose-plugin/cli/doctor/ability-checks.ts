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

/**
 * Tries the abilities that Boxer needs. Rootless engines, remapped users and remote hosts lack different
 * ones.
 */
export async function abilityChecks({ engine, root, cwd }: Context): Promise<Check[]> {
  try {
    const { runtime, lambdaLocal = 'boxer/lambda-local' } = ownImages(root);
    const there = await inspectImages(engine, [lambdaLocal]);
    return await Promise.all([
      filesCheck(engine, cwd, runtime),
      socketCheck(engine, runtime),
      // Another check reports a missing image.
      ...(there.has(lambdaLocal) ? [rightsCheck(engine, lambdaLocal)] : []),
    ]);
  } catch (error) {
    if (!(error instanceof BoxerError)) throw error;
    return [{ name: "the engine's abilities", ok: false, found: error.message, advice: error.hint ?? '' }];
  }
}

/**
 * Whether the engine can mount all of `paths`. The engine checks a --mount, unlike a --volume, when it
 * creates the container, so nothing has to run.
 */
async function mounts(engine: Docker, image: string, paths: readonly string[]) {
  const options = paths.flatMap((path) => ['--mount', `type=bind,source=${path},target=${path}`]);
  const { code, stdout, stderr } = await docker(engine, ['create', ...options, image]);
  if (code === 0) await docker(engine, ['rm', stdout.trim()]);
  return { ok: code === 0, reason: stderr.trim() };
}

/** Checks that the engine can mount files of this machine: keys, secrets and configs of a project. */
async function filesCheck(engine: Docker, cwd: string, image: string): Promise<Check> {
  // Another host may have a folder with the path of the project, but not this temporary folder.
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

/** Checks the socket on the engine's host through which the local Lambda talks to the engine. */
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

/** The commands with which the local Lambda sets up a function's network. */
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
