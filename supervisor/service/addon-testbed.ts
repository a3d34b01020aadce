import { makeShim, SHIM_BUILD } from '../../test/lib/make-shim.ts';
import { type Addon, loadAddon } from './addon.ts';

/** Loads the native addon of this source tree, and builds it first if it is missing or out of date. */
export function builtAddon(): Addon {
  const addon = `${SHIM_BUILD}/boxer.node`;
  makeShim([addon]);
  return loadAddon(addon);
}
