// Loaded into the supervisor's Node before the supervisor itself.
const { enableCompileCache } = require('node:module');

// The bundle's byte code, made in assemble.sh: saves a sixth of the start. Not found or not readable: only slower.
enableCompileCache('/opt/boxer/lib/cache');

// The variables that bin/boxer kept from this process (see shim-c/launcher.c): the guest gets them as they were.
const hiddenAs = 'BOXER_GUEST_';
for (const name of Object.keys(process.env)) {
  if (!name.startsWith(hiddenAs)) continue;
  process.env[name.slice(hiddenAs.length)] = process.env[name];
  delete process.env[name];
}
