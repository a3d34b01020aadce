import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSqliteStore } from './sqlite-store.ts';
import { sqlitePlace } from './store-testbed.ts';

const lines: string[] = [];
let place: ReturnType<typeof sqlitePlace>;

beforeEach(() => {
  place = sqlitePlace('one', (line) => lines.push(line));
});
afterEach(async () => {
  await place.clear();
  lines.length = 0;
});

test('the file and its folder are readable only for their owner', async () => {
  const store = await place.open();
  await store.put('node.1', 1);
  expect(statSync(place.folder).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(place.folder))
    expect([file, statSync(join(place.folder, file)).mode & 0o777]).toEqual([file, 0o600]);
  await store.close();
});

test('a broken file is set aside and logged, and a new one is created', async () => {
  const path = join(place.folder, 'seed.db');
  for (const damage of [
    () => writeFileSync(path, 'this is no database, whatever its name is'.repeat(200)),
    () => truncateSync(path, 5000),
  ]) {
    const before = await place.open();
    for (let index = 0; index < 200; index += 1) await before.put(`node.${index}`, 'x'.repeat(200));
    await before.close();
    lines.length = 0;
    damage();
    const store = await place.open();
    expect(lines).toEqual([expect.stringContaining(`${path}: it is broken`)]);
    expect(lines[0]).toContain(`${path}.broken`);
    await expect(store.get('node.1')).resolves.toBeUndefined();
    await expect(store.put('node.1', 1)).resolves.toBeGreaterThan(0);
    await store.close();
  }
  expect(readdirSync(place.folder)).toContain('seed.db.broken');
});

test('a file of another project or key is set aside', async () => {
  const mine = await place.open();
  await mine.put('launch.a', 1);
  await mine.close();
  const other = await openSqliteStore({
    folder: place.folder,
    owner: 'two',
    log: (line) => lines.push(line),
  });
  expect(lines).toEqual([expect.stringContaining('belongs to another project, key or overlay range')]);
  await expect(other.get('launch.a')).resolves.toBeUndefined();
  await other.close();
});

test('the error for an unusable folder names the folder', async () => {
  writeFileSync(join(place.folder, 'file'), '');
  const folder = join(place.folder, 'file', 'store');
  await expect(openSqliteStore({ folder, owner: 'one', log: () => undefined })).rejects.toMatchObject({
    code: 'STORE',
    message: expect.stringContaining(folder),
  });
});

test('confirmed writes survive a kill of the process', async () => {
  const script = `
    import { openSqliteStore } from ${JSON.stringify(new URL('./sqlite-store.ts', import.meta.url).href)};
    const store = await openSqliteStore({ folder: process.argv[1], owner: 'one', log: () => undefined });
    for (let index = 0; ; index += 1) {
      await store.create('launch.' + index, 1);
      process.stdout.write(index + '\\n');
    }`;
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--input-type=module', '-e', script, place.folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let told = '';
  child.stdout.on('data', (chunk: Buffer) => {
    told += String(chunk);
    if (told.length > 500) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const last = Number(told.trimEnd().split('\n').at(-1));
  expect(last).toBeGreaterThan(50);
  const store = await place.open();
  for (let index = 0; index <= last; index += 1)
    await expect(store.create(`launch.${index}`, 2)).resolves.toBeUndefined();
  await store.close();
});
