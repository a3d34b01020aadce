import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { eventually, logLine, type Project } from '../lib/project.ts';
import { createGuestProject } from './guest-project.ts';

beforeAll(buildTestImages, 300_000);

// These tests look at a guest in a function as its user does: through the phantom's container.
let project: Project;

beforeAll(() => {
  project = createGuestProject();
});
afterAll(() => project.remove(), 120_000);

const stateOf = async (service: string) => {
  const { stdout } = await project.compose('ps', '-a', '--format', '{{.State}} {{.ExitCode}}', service);
  return stdout.trim();
};

describe('a guest of a lambda service', () => {
  test('has stdout, stderr and its exit code passed on, each by itself', async () => {
    const ran = await project.boxer(
      'run',
      '--rm',
      '-T',
      'job',
      'sh',
      '-c',
      'echo out; echo err >&2; printf end; exit 42',
    );
    expect(ran.stdout).toBe('out\nend');
    expect(ran.stderr).toContain('err');
    expect(ran.exitCode).toBe(42);
  });

  test('runs as uid 993 on a read-only root with a writable /tmp', async () => {
    const script = 'id -u; touch /x 2>/dev/null || echo read-only; touch /tmp/x && echo tmp';
    const ran = await project.boxer('run', '--rm', '-T', 'job', 'sh', '-c', script);
    expect(ran.stdout.split('\n')).toEqual(['993', 'read-only', 'tmp']);
  });

  test('has the host name, working directory and environment of its container', async () => {
    const script = 'pwd; echo $MARK; hostname';
    const ran = await project.boxer(
      'run',
      '--rm',
      '-T',
      '-e',
      'MARK=here',
      '-w',
      '/usr',
      'job',
      'sh',
      '-c',
      script,
    );
    const [directory, mark, host] = ran.stdout.split('\n');
    expect([directory, mark]).toEqual(['/usr', 'here']);
    expect(host).toMatch(/^[0-9a-f]{12}$/);
  });

  test('finds names for its user and group, although the image defines neither', async () => {
    const who = [
      'import grp, os, pwd; user = pwd.getpwuid(os.getuid()); group = grp.getgrgid(os.getgid())',
      'print(user.pw_uid, user.pw_gid)',
      'print(pwd.getpwnam(user.pw_name) == user, grp.getgrnam(group.gr_name) == group)',
    ].join('\n');
    const ran = await project.boxer('run', '--rm', '-T', 'job', 'python3', '-c', who);
    expect(ran.stdout).toBe('993 990\nTrue True');
  });

  test('finds programs along PATH in folders that Boxer has remapped', async () => {
    const script = [
      'mkdir -p /var/lib/tools && ln -s /bin/sh /var/lib/tools/interpreter && cd /var/lib/tools',
      "printf '#!/var/lib/tools/interpreter\\necho found $1\\n' >tool && chmod +x tool && cd /",
      `PATH=/var/lib/tools:$PATH python3 -c 'import subprocess; subprocess.run(["tool", "here"])'`,
      `PATH=/var/lib/tools:$PATH perl -e 'exec "tool", "there"'`,
    ].join('\n');
    const ran = await project.boxer('run', '--rm', '-T', 'files', 'sh', '-c', script);
    expect(ran.stdout).toBe('found here\nfound there');
  });
});

describe('the files of a guest of a lambda service', () => {
  test('include secrets, configs and read-only binds; the usual directories are writable', async () => {
    const script = [
      'cat /run/secrets/password /etc/app/settings.ini /srv/site/index.html; echo',
      'for d in /scratch /opt/state /run /var/run /var/log /var/lib/nginx',
      'do echo x > $d/mark && cat $d/mark; done; cat /run/mark /var/run/mark | wc -l; ls /srv/site',
      'mkdir -p /var/run/app/deep && cd /var/run/app && ls',
    ].join('; ');
    const ran = await project.boxer('run', '--rm', '-T', 'files', 'sh', '-c', script);
    const expected = [
      's3cretmode=fast<h1>site</h1>',
      'x',
      'x',
      'x',
      'x',
      'x',
      'x',
      '2',
      'index.html',
      'run.sh',
      'deep',
    ];
    expect({ lines: ran.stdout.split('\n'), exitCode: ran.exitCode }).toEqual({
      lines: expected,
      exitCode: 0,
    });
  });

  test('describe the overlay in /etc, and lie in folders that programs can enter', async () => {
    const script = [
      'hostname; cat /etc/hostname; getent hosts $(hostname) | cut -d" " -f1',
      'grep -w "$(hostname)" < /etc/hosts | cut -f1',
      'grep -c nameserver /etc/resolv.conf; grep -c search /etc/resolv.conf',
      'ls -la /dev/shm >/dev/null 2>&1 || echo shm; cd /run/secrets; ls; cat password; echo; pwd; /bin/pwd',
      'cd /srv/site && python3 -c "import os; print(os.getcwd())"',
    ].join('; ');
    const ran = await project.boxer('run', '--rm', '-T', 'files', 'bash', '-c', script);
    const [host, file, resolved, listed, servers, search, ...rest] = ran.stdout.split('\n');
    expect(file).toBe(host);
    expect(resolved).toMatch(/^198\.18\./);
    expect(listed).toBe(resolved);
    expect([Number(servers) > 0, search]).toEqual([true, '0']);
    expect(rest).toEqual(['password', 's3cret', '/run/secrets', '/run/secrets', '/srv/site']);
  });

  test("include shared memory and named semaphores, which Python's multiprocessing needs", async () => {
    const program = [
      'import multiprocessing as m, sys',
      'from multiprocessing import shared_memory as s',
      'q = m.Queue(); p = m.Process(target=lambda: q.put(40)); p.start(); p.join()',
      'b = s.SharedMemory(create=True, size=16); b.buf[0] = 2; c = s.SharedMemory(b.name)',
      'print(q.get() + c.buf[0]); c.close(); b.unlink()',
    ].join('\n');
    const ran = await project.boxer('run', '--rm', '-T', 'job', 'python3', '-c', program);
    expect({ stdout: ran.stdout, exitCode: ran.exitCode }).toEqual({ stdout: '42', exitCode: 0 });
  });

  test('include a program and a working directory of a bind mount, and the program runs there', async () => {
    const ran = await project.boxer('run', '--rm', '-T', '-w', '/srv/site', 'files', '/srv/site/run.sh', 'x');
    expect({ stdout: ran.stdout, exitCode: ran.exitCode }).toEqual({
      stdout: '/srv/site index.html x',
      exitCode: 4,
    });
  });

  test('do not outlive the launch in a warm environment, and nor do its processes', async () => {
    const leaveTraces = 'touch /tmp/left; (sleep 1000 &) ; echo left';
    expect((await project.boxer('run', '--rm', '-T', 'job', 'sh', '-c', leaveTraces)).stdout).toBe('left');
    const listTraces = 'ls /tmp; grep -l sleep /proc/[0-9]*/comm 2>/dev/null; echo listed';
    expect((await project.boxer('run', '--rm', '-T', 'job', 'sh', '-c', listTraces)).stdout).toBe('listed');
  });
});

describe('docker boxer run of a lambda service', () => {
  test('--entrypoint replaces the program that runs in the function', async () => {
    const ran = await project.boxer('run', '--rm', '-T', '--entrypoint', 'id', 'job', '-u');
    expect(ran.stdout).toBe('993');
  });

  test('standard input reaches the guest', async () => {
    const { run } = await import('../lib/project.ts');
    const ran = await run('docker', ['boxer', 'run', '--rm', '-T', 'job', 'sha256sum'], {
      cwd: project.directory,
      env: { COMPOSE_PROJECT_NAME: project.name },
      stdin: 'pipe',
      input: 'x'.repeat(1_000_000),
    });
    expect(ran.stdout).toContain(createHash('sha256').update('x'.repeat(1_000_000)).digest('hex'));
  });

  test('an output of 64 MB arrives complete', async () => {
    const size = 64 * 1024 * 1024;
    const make = `import sys, hashlib
h = hashlib.sha256()
for i in range(${size} // 65536):
    block = (b'%08d' % i) * 8192
    h.update(block); sys.stdout.buffer.write(block)
sys.stdout.flush(); sys.stderr.write(h.hexdigest())`;
    const ran = await project.boxer('run', '--rm', '-T', 'job', 'python3', '-c', make);
    expect(ran.stdout.length).toBe(size);
    expect(ran.stderr).toContain(createHash('sha256').update(ran.stdout, 'latin1').digest('hex'));
  });

  test('the exit code is 127 when the program does not exist, and a message names it', async () => {
    const ran = await project.boxer('run', '--rm', '-T', 'job', 'no-such-program');
    expect(ran.exitCode).toBe(127);
    expect(ran.stderr).toContain('no-such-program');
  });

  test('the exit code is 128 plus the signal number when a signal kills the guest', async () => {
    const ran = await project.boxer('run', '--rm', '-T', 'job', 'sh', '-c', 'kill -SEGV $$');
    expect(ran.exitCode).toBe(139);
  });
});

describe('the end of a guest of a lambda service', () => {
  test("docker stop sends the guest SIGTERM, and the guest's exit code becomes the container's", async () => {
    await project.boxer('up', '-d', 'polite');
    await logLine(project, 'polite', /ready/);
    await project.compose('stop', 'polite');
    expect(await stateOf('polite')).toBe('exited 7');
    expect((await project.compose('logs', 'polite')).stdout).toContain('going');
  });

  test('docker stop ends a launch at once that still waits for names', async () => {
    // `up` is not awaited here, because it returns only when the guest runs.
    const up = project.boxer('up', '-d', 'gated');
    const line = await logLine(project, 'gated', /waiting for nobody: 0 of 2/);
    expect(JSON.parse(line)).toMatchObject({ level: 'info', role: 'phantom' });
    const before = Date.now();
    await project.compose('stop', 'gated');
    expect(Date.now() - before).toBeLessThan(8000);
    expect(await stateOf('gated')).toBe('exited 143');
    expect((await up).exitCode).toBe(0);
  });

  test('docker compose kill ends the guest with SIGKILL and frees its function', async () => {
    await project.boxer('up', '-d', 'forever');
    await logLine(project, 'forever', /ready/);
    await project.compose('kill', 'forever');
    expect(await stateOf('forever')).toBe('exited 137');
    await eventually('no function runs the guest', async () => {
      const { stdout } = await project.boxer('ps', '--format', 'json');
      return stdout.includes('"forever"') && stdout.includes('requestId') ? undefined : true;
    });
  });

  test('a function that reaches its timeout says so, and its exit code is 124', async () => {
    const ran = await project.boxer('run', '--rm', '-T', 'short');
    expect(ran.exitCode).toBe(124);
    expect(ran.stderr).toMatch(/timed out after 2\.00 seconds/);
  });
});

describe('a lambda service whose image has no glibc', () => {
  test('a program of an image that holds only musl and itself runs under the process monitor', async () => {
    const ran = await project.boxer('run', '--rm', '-T', '--name', `${project.name}-named`, 'musl', '0', '5');
    expect(ran.exitCode).toBe(5);
    expect(ran.stdout).toContain('arg 5');
    expect(ran.stderr).not.toContain('warning');
    expect(ran.stdout).toMatch(/host [0-9a-f]{12}/);
  });

  test('a static program that is alone in its image runs, with a warning about connections', async () => {
    const ran = await project.boxer('run', '--rm', '-T', 'empty', '0', '6');
    expect(ran.exitCode).toBe(6);
    expect(ran.stdout).toContain('arg 6');
    expect(ran.stderr).toMatch(
      /boxer: warning: \/echo is statically linked, .* cannot connect to other services/,
    );
  });
});
