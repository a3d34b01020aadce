import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { startTestLambda, type TestLambda } from './testing/test-lambda.ts';

async function leftOf(lambda: TestLambda): Promise<string[]> {
  const filter = ['--filter', `label=lambda-local.instance=${lambda.instance}`];
  const { stdout: containers } = await execa('docker', ['ps', '--all', '--quiet', ...filter]);
  const { stdout: volumes } = await execa('docker', ['volume', 'ls', '--quiet', ...filter]);
  return `${containers}\n${volumes}`.split('\n').filter((line) => line !== '');
}

test('a killed Lambda removes its sandboxes at the next start, and a stopped one leaves none', async () => {
  const lambda = await startTestLambda();
  try {
    await lambda.create('one');
    await lambda.invoke('one', {});
    await execa('docker', ['kill', lambda.container]);
    const orphans = await leftOf(lambda);
    expect(orphans.length).toBeGreaterThan(1);

    await execa('docker', ['start', lambda.container]);
    await lambda.answers();
    // Only the volume exists, which the restarted Lambda has made again.
    expect(await leftOf(lambda)).toHaveLength(1);
    await lambda.create('two');
    const running = lambda.invoke('two', { hang: 1 }).catch((error: unknown) => error);
    await lambda.invoke('two', {});

    // The exit code would not be 0 if Docker had to kill the Lambda at the end of that time.
    await execa('docker', ['stop', '--time', '60', lambda.container]);
    expect(await running).toBeInstanceOf(Error);
    expect(await leftOf(lambda)).toEqual([]);
    const format = ['--format', '{{.State.ExitCode}}'];
    expect((await execa('docker', ['inspect', ...format, lambda.container])).stdout).toBe('0');
  } finally {
    await lambda.remove();
  }
});
