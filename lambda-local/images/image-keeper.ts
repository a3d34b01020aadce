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

const REPOSITORY = 'lambda-local/function';
const listed = z.array(z.object({ RepoTags: z.nullish(z.array(z.string())) }));
const short = (digest: string) => digest.replace('sha256:', '').slice(0, 12);
/** A short hash that stands for the instance in a tag, as an instance's name may be too long for a tag. */
const markOf = (instance: string) => createHash('sha256').update(instance).digest('hex').slice(0, 12);
const anchorOf = (tag: string) => `lambda-local-image-${tag}`;
// An Engine that finds an image by one of its names lists all of its names.
const isOwn = (name: string, instance: string) => name.startsWith(`${REPOSITORY}:${markOf(instance)}-`);

/**
 * The owner of the image names that this Lambda has made. Gives each image that functions run a name that
 * only this Lambda uses: Engines with containerd's image store remove an image without a name at once, and
 * other Engines remove it when they are pruned.
 */
export class ImageKeeper {
  readonly #engine: Engine;
  readonly #instance: string;
  readonly #isAnchored: boolean;
  readonly #log: Log;
  /** Number of holders by the id of the image. */
  readonly #holders = new Map<string, number>();
  readonly #inTurn = createTurns();

  /**
   * With `isAnchored`, each image also gets a container that never runs, because `docker image prune --all`
   * keeps images of containers. A function without prepared sandboxes may have no other container.
   */
  constructor(engine: Engine, instance: string, isAnchored: boolean, log: Log) {
    this.#engine = engine;
    this.#instance = instance;
    this.#isAnchored = isAnchored;
    this.#log = log;
  }

  /** Rejects if the image does not exist any more. Several holders may hold the same image. */
  async hold(image: FunctionImage): Promise<HeldImage> {
    const { id } = image;
    await this.#inTurn(async () => {
      const before = this.#holders.get(id) ?? 0;
      if (before === 0) await this.#name(image);
      this.#holders.set(id, before + 1);
    });
    let isHeld = true;
    return {
      reference: `${REPOSITORY}:${this.#tagOf(id)}`,
      release: () => {
        if (isHeld) this.#releaseSoon(id);
        isHeld = false;
      },
    };
  }

  /** Releases all images. An image that a sandbox still runs stays. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#holders.clear();
      await removeImageNamesOf(this.#engine, this.#instance);
    });
  }

  #tagOf(id: string): string {
    return `${markOf(this.#instance)}-${short(id)}`;
  }

  async #name({ id, volumes }: FunctionImage): Promise<void> {
    const tag = this.#tagOf(id);
    await this.#engine.call('POST', `/images/${id}/tag?repo=${REPOSITORY}&tag=${tag}`);
    if (!this.#isAnchored) return;
    await createContainer(this.#engine, anchorOf(tag), anchor(tag, volumes, this.#instance));
  }

  async #forget(id: string): Promise<void> {
    const tag = this.#tagOf(id);
    if (this.#isAnchored) await removeContainer(this.#engine, anchorOf(tag));
    await removeName(this.#engine, `${REPOSITORY}:${tag}`);
  }

  #releaseSoon(id: string): void {
    this.#inTurn(() => this.#release(id)).catch((error: unknown) => {
      this.#log.warn('cannot release an image', { image: id, reason: messageOf(error) });
    });
  }

  async #release(id: string): Promise<void> {
    const left = (this.#holders.get(id) ?? 0) - 1;
    if (left > 0) this.#holders.set(id, left);
    else if (this.#holders.delete(id)) await this.#forget(id);
  }
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
