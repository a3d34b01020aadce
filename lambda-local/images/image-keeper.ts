import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { type Log, messageOf } from '../base/log.ts';
import { createContainer, removeContainer } from '../engine/containers.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import { declaredVolumes } from '../sandbox/declared-volumes.ts';
import { INSTANCE_LABEL } from '../sandbox/sandbox-spec.ts';
import type { FunctionImage } from './function-image.ts';

/** An image that stays until it is released, even if its other names are removed or name another image. */
export interface HeldImage {
  /** A name that only this Lambda uses, and that always names this image. */
  readonly reference: string;
  /** Releases the image. May be called more than once. */
  release(): void;
}

/** The owner of the image names that this Lambda has made. */
export interface ImageKeeper {
  /** Rejects if the image does not exist any more. Several holders may hold the same image. */
  hold(image: FunctionImage): Promise<HeldImage>;
  /** Releases all images. An image that a sandbox still runs stays. */
  close(): Promise<void>;
}

const REPOSITORY = 'lambda-local/function';
const listed = z.array(z.object({ RepoTags: z.nullish(z.array(z.string())) }));
const short = (digest: string) => digest.replace('sha256:', '').slice(0, 12);
/** A short hash that stands for the instance in a tag, as an instance's name may be too long for a tag. */
const markOf = (instance: string) => createHash('sha256').update(instance).digest('hex').slice(0, 12);
const anchorOf = (tag: string) => `lambda-local-image-${tag}`;
// An Engine that finds an image by one of its names lists all of its names.
const isOwn = (name: string, instance: string) => name.startsWith(`${REPOSITORY}:${markOf(instance)}-`);

/**
 * Gives each image that functions run a name that only this Lambda uses: Engines with containerd's image
 * store remove an image without a name at once, and other Engines remove it when they are pruned. With
 * `anchored`, each image also gets a container that never runs, because `docker image prune --all` keeps
 * images of containers. A function without prepared sandboxes may have no other container.
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
              log.warn('cannot release an image', { image: id, reason: messageOf(error) });
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
    // The Engine requires a command, and the image may have none. It is never run.
    Cmd: ['never'],
    HostConfig: { NetworkMode: 'none', Mounts: covered.map((path) => ({ Type: 'tmpfs', Target: path })) },
  };
}

/**
 * Removes a name of an image, and the image with its last name. The last name of an image that a container
 * still uses is kept.
 */
async function removeName(engine: Engine, name: string): Promise<void> {
  try {
    await engine.call('DELETE', `/images/${name}`);
  } catch (error) {
    if (!(error instanceof EngineError && (error.status === 404 || error.status === 409))) throw error;
  }
}

/** Returns a function that runs the given pieces of work one after the other. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}
