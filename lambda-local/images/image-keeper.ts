import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { type Log, messageOf } from '../base/log.ts';
import { createContainer, removeContainer } from '../engine/containers.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import { declaredVolumes } from '../sandbox/declared-volumes.ts';
import { INSTANCE_LABEL } from '../sandbox/sandbox-spec.ts';
import type { FunctionImage } from './function-image.ts';

/** An image that stays until it is let go, whatever becomes of its other names. */
export interface HeldImage {
  /** A name that belongs to this Lambda and leads to this image alone. */
  readonly reference: string;
  /** Lets the image go. May be called more than once. */
  release(): void;
}

/** Owner of this Lambda's names of images. */
export interface ImageKeeper {
  /** Rejects when the image has gone already. Several may hold the same one. */
  hold(image: FunctionImage): Promise<HeldImage>;
  /** Lets all go. What sandboxes still run stays. */
  close(): Promise<void>;
}

const REPOSITORY = 'lambda-local/function';
const listed = z.array(z.object({ RepoTags: z.nullish(z.array(z.string())) }));
const short = (digest: string) => digest.replace('sha256:', '').slice(0, 12);
/** Stands for the instance in a tag, which is shorter than an instance's name may be. */
const markOf = (instance: string) => createHash('sha256').update(instance).digest('hex').slice(0, 12);
const anchorOf = (tag: string) => `lambda-local-image-${tag}`;
// An Engine that lists an image by one of its names gives all of them.
const isOwn = (name: string, instance: string) => name.startsWith(`${REPOSITORY}:${markOf(instance)}-`);

/**
 * An image without a name is lost: Engines with containerd's store remove it at once, others when they are pruned. So each
 * image that functions run gets one of its own, and with `anchored` a container that never runs: `docker image prune --all`
 * leaves images of containers alone, and without prepared sandboxes a function may have none.
 */
export function createImageKeeper(
  engine: Engine,
  instance: string,
  anchored: boolean,
  log: Log,
): ImageKeeper {
  const users = new Map<string, number>();
  const inTurn = createTurns();
  const tagOf = (id: string) => `${markOf(instance)}-${short(id)}`;

  const name = async ({ id, volumes }: FunctionImage) => {
    const tag = tagOf(id);
    await engine.call('POST', `/images/${id}/tag?repo=${REPOSITORY}&tag=${tag}`);
    if (anchored) await createContainer(engine, anchorOf(tag), anchor(tag, volumes, instance));
  };
  const forget = async (id: string) => {
    const tag = tagOf(id);
    if (anchored) await removeContainer(engine, anchorOf(tag));
    await removeName(engine, `${REPOSITORY}:${tag}`);
  };
  const release = async (id: string) => {
    const left = (users.get(id) ?? 0) - 1;
    if (left > 0) users.set(id, left);
    else if (users.delete(id)) await forget(id);
  };

  return {
    hold: async (image) => {
      const { id } = image;
      await inTurn(async () => {
        const before = users.get(id) ?? 0;
        if (before === 0) await name(image);
        users.set(id, before + 1);
      });
      let held = true;
      return {
        reference: `${REPOSITORY}:${tagOf(id)}`,
        release: () => {
          if (held) {
            inTurn(() => release(id)).catch((error: unknown) => {
              log.warn('cannot let go of an image', { image: id, reason: messageOf(error) });
            });
          }
          held = false;
        },
      };
    },
    close: () =>
      inTurn(async () => {
        users.clear();
        await removeImageNamesOf(engine, instance);
      }),
  };
}

/** Removes every name that this instance has given, such as those that a killed predecessor left behind. */
export async function removeImageNamesOf(engine: Engine, instance: string): Promise<void> {
  const pattern = `${REPOSITORY}:${markOf(instance)}-*`;
  const filters = encodeURIComponent(JSON.stringify({ reference: [pattern] }));
  const images = listed.parse(await engine.call('GET', `/images/json?filters=${filters}`));
  const own = images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => isOwn(tag, instance));
  await Promise.all(own.map((tag) => removeName(engine, tag)));
}

function anchor(tag: string, volumes: readonly string[], instance: string): object {
  const { covered } = declaredVolumes(volumes, []);
  return {
    Image: `${REPOSITORY}:${tag}`,
    Labels: { [INSTANCE_LABEL]: instance },
    // An image need not have a command.
    Cmd: ['never'],
    HostConfig: { NetworkMode: 'none', Mounts: covered.map((path) => ({ Type: 'tmpfs', Target: path })) },
  };
}

/** With its last name an image goes as well; one that a container of somebody else still uses keeps it. */
async function removeName(engine: Engine, name: string): Promise<void> {
  try {
    await engine.call('DELETE', `/images/${name}`);
  } catch (error) {
    if (!(error instanceof EngineError && (error.status === 404 || error.status === 409))) throw error;
  }
}

/** Does one piece of work after the other. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}
