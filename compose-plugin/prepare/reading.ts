import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { shortDigest } from '../compose/intact.ts';
import { realPath } from '../compose/state-folder.ts';
import { writeAtomically } from '../compose/write-atomically.ts';
import { hasImages } from '../engine/image-ids.ts';
import type { Prepared } from '../project/purpose.ts';
import type { Work } from '../project/work.ts';
import { inputsDigest, sourceFiles } from './inputs.ts';

/**
 * What the last reading of the project found. While all of it holds, reading the project again would write
 * the same override, so `config` need not start Compose a second time for that.
 */
interface Reading {
  readonly inputs: string;
  /** Digest of the override. */
  readonly override: string;
  /** Tag -> id of every image from which the override was made. */
  readonly images: Readonly<Record<string, string>>;
  /** Files besides the compose files that Compose read. */
  readonly further: readonly string[];
  /** Path that the model sends to builders or containers -> what it really is. */
  readonly sent: Readonly<Record<string, string>>;
  /** What the user was told. */
  readonly remarks: readonly string[];
}

/** File below the state folder. */
const FILE = 'reading.json';

/** The clock of file systems may be this much behind, ms. */
const CLOCK = 50;

/**
 * The remarks of the last reading, if the override that it wrote is still the right one; otherwise undefined.
 * @param override the text of the override
 * @throws BoxerError CANCELLED
 */
export async function standingReading(work: Work, override: string): Promise<readonly string[] | undefined> {
  const reading = load(work.project.folder);
  if (reading === undefined || reading.override !== shortDigest(override)) return undefined;
  if (reading.inputs !== inputsDigest(work, reading.further)) return undefined;
  if (Object.entries(reading.sent).some(([path, real]) => realPath(path) !== real)) return undefined;
  return (await hasImages(work.engine, reading.images)) ? reading.remarks : undefined;
}

/** Keeps what `prepare` has just read, where it can be told what that depends on. */
export async function keepReading(work: Work, prepared: Prepared, remarks: readonly string[]): Promise<void> {
  const { model, override, images } = prepared;
  if (override === undefined || images === undefined) return;
  const [{ furtherFiles }, { sentPaths }] = await Promise.all([
    import('../compose/further-files.ts'),
    import('../compose/sent-paths.ts'),
  ]);
  const further = furtherFiles(work.project, work.cwd);
  if (further === undefined || sourceFiles(work, further).some(isYoungerThanThisCall)) return;
  const inputs = inputsDigest(work, further);
  if (inputs === undefined) return;
  const sent = Object.fromEntries(sentPaths(model).map(({ local }) => [local, realPath(local)]));
  const reading: Reading = {
    ...{ inputs, further, sent, remarks, images: Object.fromEntries(images) },
    override: shortDigest(readFileSync(override, 'utf8')),
  };
  writeAtomically(join(work.project.folder, FILE), `${JSON.stringify(reading)}\n`);
}

/** Whether a file changed while this process ran, so that Compose may have read its earlier content. */
function isYoungerThanThisCall(file: string): boolean {
  const { ctimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { ctimeMs: 0 };
  return ctimeMs > performance.timeOrigin - CLOCK;
}

function load(folder: string): Reading | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, FILE), 'utf8'));
    return isReading(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Checked by hand, because loading zod would take longer than all of this. */
function isReading(value: unknown): value is Reading {
  if (typeof value !== 'object' || value === null) return false;
  const of = (key: string): unknown => Reflect.get(value, key);
  const isText = (one: unknown) => typeof one === 'string';
  const isMap = (one: unknown) => typeof one === 'object' && one !== null && Object.values(one).every(isText);
  const isList = (one: unknown) => Array.isArray(one) && one.every(isText);
  return (
    ['inputs', 'override'].every((key) => isText(of(key))) &&
    ['images', 'sent'].every((key) => isMap(of(key))) &&
    ['further', 'remarks'].every((key) => isList(of(key)))
  );
}
