import { expect, test } from '@jest/globals';
import { NamePolicy } from './name-policy.ts';
import { NodeIds } from './node-ids.ts';
import { NodeRegistry } from './node-registry.ts';
import { lastNodeId, parseRange } from './overlay-range.ts';

const config = {
  version: 1 as const,
  project: 'shop',
  overlay: '198.18.0.0/15',
  port: 0,
  gateways: [{ service: 'redis', networks: { back: ['redis', 'cache'] } }],
  boxed: [
    { service: 'web', networks: { front: ['web', 'www.shop.example'] } },
    { service: 'api', networks: { front: ['api'], back: ['api', 'cache'] } },
  ],
};

test('a container may have its service’s names and those that Docker gave it, but no names of others', () => {
  const policy = new NamePolicy(config);
  expect(
    policy.permitted('web', { front: ['web', 'www.shop.example', '0123456789ab', 'shop-web-1'] }),
  ).toEqual({
    front: ['web', 'www.shop.example', '0123456789ab', 'shop-web-1'],
  });
  expect(
    policy.permitted('web', {
      front: [
        'api',
        'CACHE',
        'redis',
        'bank.example',
        'localhost',
        'node-7',
        'shop-api-1',
        'shop_redis_1',
        'mine',
      ],
      back: ['web'],
    }),
  ).toEqual({ front: ['mine'] });
  // Two services may share an alias that the Compose file gives to both.
  expect(policy.permitted('api', { back: ['cache'] })).toEqual({ back: ['cache'] });
});

test('a name with its network as domain is permitted if the name without the domain is', () => {
  const boxed = [
    { service: 'web', networks: { front: ['web', 'web.shop_front'] } },
    { service: 'api', networks: { front: ['api', 'api.shop_front'] } },
  ];
  const policy = new NamePolicy({ ...config, boxed });
  const own = ['web', 'web.shop_front', 'shop-web-1', 'shop-web-1.shop_front'];
  const others = ['api.shop_front', 'shop-api-1.shop_front', 'localhost.shop_front', 'mine.shop_back'];
  expect(policy.permitted('web', { front: [...own, ...others] })).toEqual({ front: own });
});

test('a name outside the Compose file belongs to the service that has it until it is given up', () => {
  const policy = new NamePolicy(config);
  const range = parseRange(config.overlay);
  const registry = new NodeRegistry(range, new NodeIds(lastNodeId(range)));
  policy.follow(registry);
  const node = registry.create(1, 'web', 'container');
  registry.describe(node, { front: ['web', '0123456789ab'] }, '');
  expect(policy.permitted('api', { front: ['0123456789ab'] })).toEqual({ front: [] });
  expect(policy.permitted('web', { front: ['0123456789ab'] })).toEqual({ front: ['0123456789ab'] });
  registry.describe(node, { front: ['web'] }, '');
  expect(policy.permitted('api', { front: ['0123456789ab'] })).toEqual({ front: ['0123456789ab'] });
});
