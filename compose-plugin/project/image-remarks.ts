import { type ImageReport, imageReport } from '../../supervisor/published/image-report.ts';
import { guestCommand } from '../compose/guest-command.ts';
import type { Boxed } from '../compose/rewrite/boxed-service.ts';
import { movedPaths, travellingPaths } from '../compose/rewrite/moved-paths.ts';
import { type Docker, docker } from '../engine/docker.ts';

/** A look at some thousand files; ms. */
const TIMEOUT = 30_000;

/** A function's user and rights, and no network. */
const AS_FUNCTION = [
  ...['--rm', '--interactive', '--network', 'none', '--read-only', '--user', '993:990', '--cap-drop', 'ALL'],
  ...['--entrypoint', '/opt/boxer/bin/boxer'],
];

/**
 * What can be seen of a service's twin before it is a function, one line each, with what mends it. Nothing where the look fails, as
 * it does for another architecture: then functions say it themselves.
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

/** The words for what was seen; no remark on what the service deals with already. */
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
