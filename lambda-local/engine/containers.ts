import * as z from 'zod/mini';
import { type Engine, EngineError } from './engine.ts';

const created = z.object({ Id: z.string() });
const inspected = z.object({ State: z.object({ Pid: z.number() }) });
const configured = z.object({ Config: z.object({ Image: z.string() }) });
const waited = z.object({ StatusCode: z.number() });
const listed = z.array(
  z.object({
    Id: z.string(),
    ImageID: z.string(),
    NetworkSettings: z.object({
      Networks: z.record(
        z.string(),
        z.object({ IPAddress: z.string(), MacAddress: z.string(), Gateway: z.string() }),
      ),
    }),
  }),
);
export type ListedContainer = z.infer<typeof listed>[number];

/** Creates a container with `options` of the Engine API. Resolves to its id. */
export async function createContainer(engine: Engine, name: string, options: object): Promise<string> {
  const answer = await engine.call('POST', `/containers/create?name=${encodeURIComponent(name)}`, options);
  return created.parse(answer).Id;
}

export async function change(engine: Engine, id: string, verb: 'start' | 'pause' | 'unpause'): Promise<void> {
  await engine.call('POST', `/containers/${id}/${verb}`);
}

/** The process id of the container's first process, in the PID namespace of the Engine. */
export async function pidOf(engine: Engine, id: string): Promise<number> {
  return inspected.parse(await engine.call('GET', `/containers/${id}/json`)).State.Pid;
}

/** The image name with which the container was made. */
export async function imageNameOf(engine: Engine, id: string): Promise<string> {
  return configured.parse(await engine.call('GET', `/containers/${id}/json`)).Config.Image;
}

/** Waits for the next exit of a container, which may be started later. Resolves to the exit code. */
export async function exitOf(engine: Engine, id: string): Promise<number> {
  const answer = await engine.call('POST', `/containers/${id}/wait?condition=next-exit`);
  return waited.parse(answer).StatusCode;
}

/** Kills and removes a container with its anonymous volumes. It is no error if the container is gone. */
export async function removeContainer(engine: Engine, id: string): Promise<void> {
  try {
    await engine.call('DELETE', `/containers/${id}?force=true&v=true`);
  } catch (error) {
    // 409: the container is already being removed.
    if (!(error instanceof EngineError && (error.status === 404 || error.status === 409))) throw error;
  }
}

/** The running containers or, with `label`, all containers with that label in any state. */
export async function listContainers(engine: Engine, label?: string): Promise<ListedContainer[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  const query = label === undefined ? '' : `?all=true&filters=${filters}`;
  return listed.parse(await engine.call('GET', `/containers/json${query}`));
}
