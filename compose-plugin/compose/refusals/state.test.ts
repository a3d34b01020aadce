import { expect, test } from '@jest/globals';
import type { Model, Service } from '../model.ts';
import { stateProblems, stateRemarks } from './state.ts';

// None of these folders exists: realPath() resolves the existing part of each path.
const place = { directory: '/home/me', folder: '/home/me/.local/state/boxer/p-0123456789ab' };
const of = (service: Service, top: object = {}): Model => ({ name: 'p', services: { web: service }, ...top });
const where = (model: Model) => ({
  refused: stateProblems(model, place).map(({ path }) => path.join('.')),
  said: stateRemarks(model, place).map(({ path }) => path.join('.')),
});
const bind = (source: string) => ({ volumes: [{ type: 'bind', source, target: '/x', read_only: true }] });

test.each([
  ['a build context', { build: { context: '/home/me' } }, 'services.web.build.context'],
  [
    'a further context',
    { build: { context: '/home/me/app', additional_contexts: { all: '/home/me/.local' } } },
    'services.web.build.additional_contexts.all',
  ],
  [
    'a watched folder',
    { develop: { watch: [{ path: '/home/me', action: 'sync' }] } },
    'services.web.develop.watch.0',
  ],
  ['a bind mount', bind('/home/me'), 'services.web.volumes.0'],
  [
    'a mount of the state itself',
    bind('/home/me/.local/state/boxer/q-0123456789ab/key'),
    'services.web.volumes.0',
  ],
])('%s with the state folder in it is refused', (_, service, path) => {
  expect(where(of(service))).toEqual({ refused: [path], said: [] });
});

test.each(['secrets', 'configs'])('%s: { file: . } with the state folder in it is refused', (section) => {
  const model = of({}, { [section]: { all: { file: '/home/me' } } });
  expect(where(model)).toEqual({ refused: [`${section}.all.file`], said: [] });
});

test('a mount of a host folder above the project gives a remark', () => {
  expect(where(of(bind('/')))).toEqual({ refused: [], said: ['services.web.volumes.0'] });
});

test('folders beside the state folder, URLs and images give no problem', () => {
  const further = { a: 'docker-image://debian', b: 'https://example.com/x.git', c: 'service:db' };
  const build = { context: '/home/me/app', additional_contexts: further };
  expect(where(of({ build, ...bind('/home/me/.local/state/boxers') }))).toEqual({ refused: [], said: [] });
});
