import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { createProject, type Project } from '../lib/project.ts';

/** Creates a project with one lambda service for each kind of guest that guest.engine.test.ts runs. */
export function createGuestProject(): Project {
  const project = createProject({
    'compose.yaml': `
services:
  job:
    image: boxer-test/tools:1
    command: ["true"]
    x-boxer: lambda
  forever:
    image: boxer-test/tools:1
    profiles: [manual]
    command: ["python3", "-u", "-c", "import time; print('ready'); time.sleep(1000)"]
    x-boxer: lambda
  polite:
    image: boxer-test/tools:1
    profiles: [manual]
    stop_grace_period: 20s
    command: ["bash", "-c", "trap 'echo going; exit 7' TERM; echo ready; while :; do sleep 0.1; done"]
    x-boxer: lambda
  gated:
    image: boxer-test/tools:1
    profiles: [manual]
    command: ["true"]
    environment: { BOXER_LOG: "info,json" }
    x-boxer: { target: lambda, wait-for: { names: { nobody: 2 }, timeout: 300 } }
  short:
    image: boxer-test/tools:1
    profiles: [manual]
    command: ["sleep", "100"]
    x-boxer: { target: lambda, timeout: 2 }
  files:
    image: boxer-test/tools:1
    profiles: [manual]
    command: ["true"]
    x-boxer: { target: lambda, remap: { /opt/state: /tmp/state } }
    tmpfs: [/scratch]
    secrets: [password]
    configs: [{ source: settings, target: /etc/app/settings.ini }]
    volumes: ["./site:/srv/site:ro"]
  musl:
    image: boxer-test/musl:1
    profiles: [manual]
    x-boxer: lambda
  empty:
    image: boxer-test/empty:1
    profiles: [manual]
    x-boxer: lambda
secrets: { password: { file: ./password.txt } }
configs: { settings: { file: ./settings.ini } }
`,
    'password.txt': 's3cret',
    'settings.ini': 'mode=fast',
    'site/index.html': '<h1>site</h1>',
    'site/run.sh': '#!/bin/bash\necho $(pwd) $(ls index.html) $1; exit 4\n',
  });
  chmodSync(join(project.directory, 'site/run.sh'), 0o755);
  return project;
}
