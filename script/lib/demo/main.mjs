// The demo. Run script/demo, which sets everything up first.
import { createProject } from './project.mjs';
import { leftovers, steps } from './steps.mjs';
import { createTimeline, Untrue } from './timeline.mjs';

const timeline = createTimeline(process.stdout);
const project = await createProject('boxer-demo');

/** Whatever state the demo ended in, nothing of it stays. */
const cleanUp = async () => {
  await project.boxer('down', '--volumes', '--remove-orphans', '--timeout', '2').catch((error) => {
    timeline.line(error.message);
  });
  await project.remove();
};

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    if (interrupted) process.exit(130);
    interrupted = true;
    timeline.failure('interrupted: cleaning up (once more to leave at once)');
    await cleanUp();
    process.exit(130);
  });
}

try {
  // A demo that was killed may have left something.
  if ((await leftovers(project)).length > 0) await project.boxer('down', '--volumes', '--timeout', '2');
  timeline.heading('samples/quickstart: nginx -> api -> redis, api annotated with x-boxer: lambda');
  for (const [title, work] of steps(project)) await timeline.step(title, work);
  await project.remove();
  timeline.heading(`Everything held, in ${timeline.elapsed()}.`);
} catch (error) {
  // The signal's handler cleans up.
  if (interrupted) await new Promise(() => {});
  timeline.failure(error instanceof Untrue ? error.message : error.stack);
  const logs = await project.compose('logs', '--no-color', '--tail', '6').catch(() => '');
  if (logs) timeline.line(`\nlast log lines:\n${logs}`);
  await cleanUp();
  process.exitCode = 1;
}
