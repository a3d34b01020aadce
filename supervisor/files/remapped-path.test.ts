import { expect, test } from '@jest/globals';
import { remappedPath } from './remapped-path.ts';

const remap = { '/srv': '/tmp/a', '/srv/site': '/tmp/b', '/run/x.pid': '/tmp/pid' };

test.each([
  ['/srv', '/tmp/a'],
  ['/srv/', '/tmp/a/'],
  ['/srv//site/run.sh', '/tmp/b/run.sh'],
  ['/srv/sites', '/tmp/a/sites'],
  ['/srvx', '/srvx'],
  ['/run/x.pid', '/tmp/pid'],
  ['srv/site', 'srv/site'],
  ['/usr/bin/env', '/usr/bin/env'],
])('the real path of %s is %s', (path, real) => {
  expect(remappedPath(path, remap)).toBe(real);
});
