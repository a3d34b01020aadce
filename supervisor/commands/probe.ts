import { readConfig, readKey } from '../node/runtime.ts';
import { runProbes } from '../probe/run-probes.ts';
import { probeConfig } from '../published/probe.ts';
import { endingSignal, runCommand } from './run-command.ts';

/** `boxer probe`: has functions measure the place that they run in. */
void runCommand(async () => {
  const output = await runProbes({ config: readConfig(probeConfig), key: readKey(), signal: endingSignal() });
  process.stdout.write(`${JSON.stringify(output)}\n`);
  return output.functions.length === 0 ? 1 : 0;
});
