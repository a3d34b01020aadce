import { type ImageReport, imageReport } from '../../supervisor/published/image-report.ts';
import { guestCommand } from '../compose/guest-command.ts';
import type { Boxed } from '../compose/rewrite/boxed-service.ts';
import { movedPaths, travellingPaths } from '../compose/rewrite/moved-paths.ts';
import { type Docker, docker } from '../engine/docker.ts';

/** How long the inspection of some thousand files may take, ms. */
const TIMEOUT = 30_000;

/** docker options that give a container the user and rights of a function, and no network. */
const AS_FUNCTION = [
  ...['--rm', '--interactive', '--network', 'none', '--read-only', '--user', '993:990', '--cap-drop', 'ALL'],
  ...['--entrypoint', '/opt/boxer/bin/boxer'],
];

/**
 * Inspects a service's twin before it becomes a function, and gives one line with a remedy for each problem.
 * Gives no lines if the inspection fails, for example for another architecture; the function then reports the
 * problems.
 */
export async function imageRemarks(engine: Docker, boxed: Boxed, twin: string): Promise<string[]> {
  const { service, image } = boxed;
  const { entrypoint, command } = guestCommand(service, image);
  const path = service.environment?.PATH ?? undefined;
  const question = {
    argv: [...entrypoint, ...command],
    workingDirectory: text(service.working_dir) ?? image.workingDirectory,
    ...(path === undefined ? {} : { path }),
    user: text(service.user) ?? image.user,
  };
  const limit = AbortSignal.any([engine.signal, AbortSignal.timeout(TIMEOUT)]);
  const run = ['run', ...AS_FUNCTION, twin, 'inspect'];
  const looked = await docker({ ...engine, signal: limit }, run, { input: JSON.stringify(question) }).catch(
    (error: unknown) => {
      if (engine.signal.aborted) throw error;
      return undefined;
    },
  );
  const report = looked?.code === 0 ? imageReport.safeParse(JSON.parse(looked.stdout)).data : undefined;
  return report === undefined ? [] : remarksOn(report, boxed, question);
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** The remarks on an inspected image, without problems that the service's settings already solve. */
export function remarksOn(
  { barred, unreadable, userFolders, unseen }: ImageReport,
  { service, settings, image }: Boxed,
  { workingDirectory, user }: { workingDirectory: string; user: string },
): string[] {
  const remarks: string[] = [];
  const other = 'functions run as user 993, which cannot';
  const mend = `\`RUN chmod -R a+rX ${workingDirectory}\` in its image mends it`;
  if (barred !== undefined)
    remarks.push(`${other} enter its working directory ${workingDirectory} (${barred}): ${mend}`);
  if (unreadable.length > 0) remarks.push(`${other} read ${listed(unreadable)}: ${mend}`);

  const moved = { ...movedPaths(service, image), ...settings.remap };
  const isMoved = (folder: string) =>
    Object.keys(moved).some((path) => folder === path || folder.startsWith(`${path}/`));
  const folders = userFolders.filter((folder) => !isMoved(folder));
  const [first] = folders;
  if (first !== undefined)
    remarks.push(
      `functions write below /tmp only, and not to ${listed(folders)} of its user ${user}; ` +
        `where it writes there: x-boxer: { target: lambda, remap: { ${first}: /tmp${first} } }`,
    );

  const shown = [...travellingPaths(service), ...Object.keys(moved)];
  if (unseen !== undefined && shown.length > 0)
    remarks.push(
      `${unseen.file} ${unseen.because}, so in a function it does not find ${listed(shown.slice(0, 3))}; ` +
        'x-boxer: container keeps it here, or its files go into its image',
    );
  return remarks;
}

const listed = (names: readonly string[]) => names.join(', ');
