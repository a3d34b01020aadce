import { type Answer, callEngine } from './api.ts';
import type { Finished } from './command.ts';
import { type Docker, docker } from './docker.ts';
import { memberOf } from './member-of.ts';

/** The bytes before each piece of output: its stream, three zeros and its length. */
const HEADER = 8;

/**
 * Runs a command inside a running container and collects its output. The caller judges a non-zero exit code.
 * @throws BoxerError CANCELLED
 */
export async function execInside(
  engine: Docker,
  container: string,
  command: readonly string[],
): Promise<Finished> {
  // Whatever the engine refuses, docker is told again, and says it in its own words.
  return (await execByApi(engine, container, command)) ?? docker(engine, ['exec', container, ...command]);
}

async function execByApi(
  engine: Docker,
  container: string,
  command: readonly string[],
): Promise<Finished | undefined> {
  const body = { AttachStdout: true, AttachStderr: true, Cmd: command };
  const made = await callEngine(engine, { path: `/containers/${container}/exec`, body });
  const id = made?.status === 201 ? memberOf(jsonOf(made), 'Id') : undefined;
  if (typeof id !== 'string') return undefined;
  const ran = await callEngine(engine, { path: `/exec/${id}/start`, body: { Detach: false, Tty: false } });
  if (ran?.status !== 200) return undefined;
  const ended = await callEngine(engine, { path: `/exec/${id}/json` });
  const code = ended?.status === 200 ? memberOf(jsonOf(ended), 'ExitCode') : undefined;
  const output = separated(ran.content);
  return typeof code === 'number' && output !== undefined ? { code, ...output } : undefined;
}

/** Takes the two streams of a command without a terminal apart; undefined if the content is cut off. */
function separated(content: Buffer): Pick<Finished, 'stdout' | 'stderr'> | undefined {
  const pieces: { stream: number | undefined; piece: Buffer }[] = [];
  for (let at = 0; at < content.length; ) {
    if (at + HEADER > content.length) return undefined;
    const end = at + HEADER + content.readUInt32BE(at + 4);
    if (end > content.length) return undefined;
    pieces.push({ stream: content[at], piece: content.subarray(at + HEADER, end) });
    at = end;
  }
  const of = (wanted: number) =>
    Buffer.concat(pieces.flatMap(({ stream, piece }) => (stream === wanted ? [piece] : []))).toString();
  return { stdout: of(1), stderr: of(2) };
}

const jsonOf = ({ content }: Answer): unknown => JSON.parse(content.toString());
