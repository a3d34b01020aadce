import { describe, expect, test } from '@jest/globals';
import { circleIn, type Import, readImports, roomOf } from './imports.ts';
import { rooms } from './rooms.ts';

const imports = readImports();

/** Arrows between rooms, each with the imports that make it. */
function arrowsOf(all: readonly Import[]): Map<string, Import[]> {
  const arrows = new Map<string, Import[]>();
  for (const one of all) {
    const [from, to] = [roomOf(one.from), roomOf(one.to)];
    if (from === to) continue;
    const name = `${from} -> ${to}`;
    arrows.set(name, [...(arrows.get(name) ?? []), one]);
  }
  return arrows;
}

/** The arrows that the plan does not have, and one import of each. */
const forbidden = (all: readonly Import[]) =>
  [...arrowsOf(all)].flatMap(([name, [first]]) => {
    const [from = '', to = ''] = name.split(' -> ');
    return rooms[from]?.includes(to) || first === undefined
      ? []
      : [`${name} (${first.from} imports ${first.to})`];
  });

describe('imports between rooms', () => {
  test('the product has imports to check', () => expect(imports.length).toBeGreaterThan(1000));

  test('every arrow between two rooms is in the plan', () => expect(forbidden(imports)).toEqual([]));

  test('an arrow that is not in the plan is named', () =>
    expect(forbidden([{ from: 'compose-plugin/engine/docker.ts', to: 'compose-plugin/cli/up.ts' }])).toEqual([
      'compose-plugin/engine -> compose-plugin/cli (compose-plugin/engine/docker.ts imports ' +
        'compose-plugin/cli/up.ts)',
    ]));

  test('the plan has no arrow that nobody uses', () => {
    const used = arrowsOf(imports);
    const planned = Object.entries(rooms).flatMap(([from, targets]) =>
      targets.map((to) => `${from} -> ${to}`),
    );
    expect(planned.filter((name) => !used.has(name))).toEqual([]);
  });

  test('the rooms of the plan form no circle', () => {
    const planned = Object.entries(rooms).flatMap(([from, targets]) => targets.map((to) => ({ from, to })));
    expect(circleIn(planned)).toBeUndefined();
  });
});

describe('imports between houses', () => {
  const crossing = Object.entries(rooms).flatMap(([from, targets]) =>
    targets.filter((to) => to.split('/')[0] !== from.split('/')[0]).map((to) => ({ from, to })),
  );

  test('the plugin knows what the supervisor publishes, and the other houses know nobody', () =>
    expect(
      crossing.filter(({ from, to }) => !from.startsWith('compose-plugin/') || to !== 'supervisor/published'),
    ).toEqual([]));
});

describe('imports between files', () => {
  test('no file imports itself by way of others', () => expect(circleIn(imports)).toBeUndefined());

  test('a circle of three files is found', () =>
    expect(
      circleIn([
        { from: 'a', to: 'b' },
        { from: 'b', to: 'c' },
        { from: 'c', to: 'a' },
      ]),
    ).toEqual(['a', 'b', 'c', 'a']));
});
