import { expect, test } from '@jest/globals';
import { domainOf, withDomain } from './network-domain.ts';

test('domainOf() finds the domain that withDomain() has appended, even if names contain dots', () => {
  for (const names of [['web'], ['web', 'web.example'], ['web', 'www.web.example', 'web.b']])
    expect(domainOf('web', withDomain(names, 'shop_default'))).toBe('shop_default');
  expect(domainOf('web', ['web'])).toBeUndefined();
  expect(domainOf('web', ['web', 'web2.example'])).toBeUndefined();
  expect(domainOf('web', [])).toBeUndefined();
});
