import type { OverlayView } from '../membership/join.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { NodeConfig } from '../published/node-config.ts';

type WaitFor = NonNullable<NodeConfig['waitFor']>;

/** Describes what is still missing. Empty when the gate is open. */
function missing(overlay: OverlayView, waitFor: WaitFor): string[] {
  const up = [...overlay.members().values()].filter(({ state }) => state === 'up');
  const lacking: string[] = [];
  if (waitFor.nodes !== undefined && up.length < waitFor.nodes)
    lacking.push(`nodes: ${up.length} of ${waitFor.nodes}`);
  for (const [name, wanted] of Object.entries(waitFor.names ?? {})) {
    const found = up.filter(({ names }) => names.includes(name)).length;
    if (found < wanted) lacking.push(`${name}: ${found} of ${wanted}`);
  }
  return lacking;
}

/**
 * Resolves when the overlay has all that `waitFor` names. Logs what is missing whenever that changes. Rejects
 * with BoxerError GATE_TIMEOUT after `waitFor.timeout` seconds, or with the signal's reason.
 */
export async function passGate(
  overlay: OverlayView,
  waitFor: WaitFor | undefined,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (waitFor === undefined) return;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(waitFor.timeout * 1000)]);
  let said = '';
  for (;;) {
    const lacking = missing(overlay, waitFor).join(', ');
    if (lacking === '') return;
    if (signal.aborted) throw signal.reason;
    if (deadline.aborted)
      throw new BoxerError(
        'GATE_TIMEOUT',
        `wait-for not met after ${waitFor.timeout} s; missing ${lacking}`,
        {
          hint: 'start the services it names, or raise x-boxer.wait-for.timeout',
        },
      );
    if (lacking !== said) say(`waiting for ${lacking}`);
    said = lacking;
    await new Promise<void>((resolve) => {
      const done = () => {
        unsubscribe();
        deadline.removeEventListener('abort', done);
        resolve();
      };
      const unsubscribe = overlay.onChange(done);
      deadline.addEventListener('abort', done, { once: true });
    });
  }
}
