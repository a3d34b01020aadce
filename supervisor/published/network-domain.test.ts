import { expect, test } from '@jest/globals';
import { domainOf, withDomain } from './network-domain.ts';

test('the domain of names is found again, whatever they look like', () => {
  for (const names of [['web'], ['web', 'web.example'], ['web', 'www.web.example', 'web.b']])
    expect(domainOf('web', withDomain(names, 'shop_default'))).toBe('shop_default');
  expect(domainOf('web', ['web'])).toBeUndefined();
  expect(domainOf('web', ['web', 'web2.example'])).toBeUndefined();
  expect(domainOf('web', [])).toBeUndefined();
});
