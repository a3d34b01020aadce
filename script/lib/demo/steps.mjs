import { until } from './project.mjs';
import { check, seconds } from './timeline.mjs';

const REPLICAS = 5;
const LAMBDA_USER = 993;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const distinct = (answers, key) => [...new Set(answers.map(key))];

/** Replicas of `api` that are functions, as `docker boxer ps` knows them. */
const replicas = async ({ list }) =>
  (await list('boxer', 'ps', '--format', 'json')).filter(
    ({ service, target }) => service === 'api' && target === 'lambda',
  );

/** Containers that are functions of this project's local Lambda. */
const sandboxes = async ({ docker, name }, ...flags) => {
  const filters = [`label=lambda-local.instance=${name}`, 'label=lambda-local.function'];
  const ids = await docker('ps', '-q', ...flags, ...filters.flatMap((filter) => ['--filter', filter]));
  return ids.split('\n').filter(Boolean);
};

/** True if the service's own program runs in this container, not only something that is told of it. */
const runsApi = async ({ docker }, container) =>
  /^ *\d+ +python3 \/app\/api\.py/m.test(await docker('top', container, '-o', 'pid,args').catch(() => ''));

/** Asks until `count` different processes have answered; all answers. */
const answersOf = async ({ request }, count, limit) => {
  const answers = [];
  await until(`${count} functions answer`, limit, async () => {
    const batch = await Promise.allSettled(Array.from({ length: 4 }, request));
    answers.push(...batch.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
    return distinct(answers, ({ boot }) => boot).length >= count;
  });
  return answers;
};

/** What each answer says of the place that it came from. */
const checkPlace = (answer) => {
  check(answer.uid === LAMBDA_USER, `an answer came from uid ${answer.uid}, not ${LAMBDA_USER}`);
  check(answer.function, 'an answer came from a process that is in no function');
  check(answer.readOnlyRoot, 'an answer came from a process with a writable root');
};

const up = async (project) => {
  const { boxer, list } = project;
  await boxer('up', '-d', '--build');
  const containers = await list('compose', 'ps', '--format', 'json');
  const running = containers.filter(({ State }) => State === 'running').map(({ Service }) => Service);
  for (const service of ['web', 'api', 'redis']) check(running.includes(service), `${service} does not run`);
  return [`web and redis in containers, api in a function, port ${project.port} published by nginx`];
};

const serve = async (project) => {
  const { request } = project;
  const answers = [];
  for (let i = 0; i < 20; i++) answers.push(await request());
  answers.forEach(checkPlace);
  const counters = answers.map(({ counter }) => counter);
  const rising = counters.every((counter, i) => i === 0 || counter > counters[i - 1]);
  check(rising, `the counter in redis does not rise: ${counters}`);
  const [replica] = await replicas(project);
  check(replica !== undefined, 'docker boxer ps does not show api as a function');
  const { request: id, function: name, addresses, uid } = answers[0];
  const pairs = [
    [addresses.own, replica.address],
    [id, replica.requestId],
  ];
  for (const [said, listed] of pairs)
    check(said === listed, `api says it is ${said}, docker boxer ps says ${listed}`);
  const took = median(answers.map((answer) => answer.took));
  return [
    `it says: uid ${uid}, read-only root, function ${name}`,
    `it and docker boxer ps agree: address ${addresses.own}, request ${id}`,
    `redis counted ${counters[0]} to ${counters.at(-1)}; median answer ${took.toFixed(1)} ms`,
  ];
};

const inside = async (project) => {
  const phantom = (await replicas(project))[0];
  check(!(await runsApi(project, phantom.id)), `api.py runs in the container ${phantom.name}`);
  const found = [];
  for (const id of await sandboxes(project)) if (await runsApi(project, id)) found.push(id);
  check(found.length === 1, `api.py runs in ${found.length} functions, not in one`);
  return [`docker top: no api.py in ${phantom.name}, one in a sandbox of the local Lambda`];
};

const scale = async (project, state) => {
  const { boxer } = project;
  const began = performance.now();
  const scaling = boxer('scale', `api=${REPLICAS}`);
  const [answers] = await Promise.all([answersOf(project, REPLICAS, 60), scaling]);
  const fifth = performance.now() - began;
  answers.forEach(checkPlace);
  state.boots = distinct(answers, ({ boot }) => boot);
  check(state.boots.length === REPLICAS, `${state.boots.length} processes answered, not ${REPLICAS}`);
  const said = distinct(answers, ({ addresses }) => addresses.own).toSorted();
  const listed = (await replicas(project)).map(({ address }) => address).toSorted();
  check(String(said) === String(listed), `they say they are ${said}, docker boxer ps says ${listed}`);
  return [`boot ids ${state.boots.join(' ')}`, `the fifth answered ${seconds(fifth)} after the command`];
};

const link = async (project) => {
  const { boxer, list } = project;
  await boxer('link');
  const names = (await list('compose', 'ps', '--format', 'json')).map(({ Name }) => Name);
  check(names.filter((name) => name.includes('-api-')).length === REPLICAS, `docker compose ps: ${names}`);
  return ['plain docker compose sees the same project from here on'];
};

const logs = async (project, state) => {
  const { request } = project;
  const seen = new Map();
  const began = performance.now();
  const logging = project.follow(['compose', 'logs', '--follow', '--tail', '0', 'api'], (line) => {
    const boot = state.boots.find((id) => line.includes(id));
    if (boot && !seen.has(boot)) seen.set(boot, line);
  });
  try {
    await until('each function logs a request', 30, async () => {
      await request();
      return seen.size === REPLICAS;
    });
  } finally {
    logging.stop();
  }
  return [...seen.values(), `all five within ${seconds(performance.now() - began)}`];
};

const kill = async (project, state) => {
  const { request, docker } = project;
  const before = await replicas(project);
  const running = await sandboxes(project);
  let victim;
  for (const id of running) if (await runsApi(project, id)) victim = id;
  check(victim, 'no sandbox runs api.py');
  const began = performance.now();
  await docker('kill', victim);
  let failed = 0;
  const fresh = await until('a new process answers', 60, async () => {
    const answer = await request().catch(() => undefined);
    if (answer === undefined) failed += 1;
    return answer !== undefined && !state.boots.includes(answer.boot) && answer;
  });
  checkPlace(fresh);
  const took = performance.now() - began;
  const format = '{{.Name}} {{.RestartCount}}';
  const counts = await docker('inspect', '-f', format, ...before.map(({ id }) => id));
  const restarted = counts.split('\n').filter((line) => !line.endsWith(' 0'));
  check(restarted.length === 1, `restarts by policy, one expected: ${counts}`);
  return [
    `${restarted[0].split(' ')[0].slice(1)} restarted by its policy; the new function answered after ${seconds(took)}`,
    `${failed} requests failed in between`,
  ];
};

const stop = async (project) => {
  const { compose, list } = project;
  await compose('stop');
  const all = await list('compose', 'ps', '--all', '--format', 'json');
  const own = all.filter(({ Service }) => ['web', 'api', 'redis'].includes(Service));
  const codes = own.map(({ Name, State, ExitCode }) => [
    Name.replace(`${project.name}-`, ''),
    State,
    ExitCode,
  ]);
  const wrong = codes.filter(([, status, code]) => status !== 'exited' || code !== 0);
  check(wrong.length === 0, `not stopped with exit code 0: ${wrong.map((one) => one.join(' ')).join(', ')}`);
  return [codes.map(([name, , code]) => `${name} ${code}`).join(', ')];
};

const down = async (project) => {
  const { boxer } = project;
  await boxer('unlink');
  await boxer('down', '--volumes');
  const left = await leftovers(project);
  check(left.length === 0, `left behind: ${left.join(', ')}`);
  return ['no container, network, volume or function is left'];
};

const STORY = [
  ['docker boxer up -d --build', up],
  ['20 requests through nginx, answered from inside a function', serve],
  ['the same, seen from outside', inside],
  [`docker boxer scale api=${REPLICAS}`, scale],
  ['docker boxer link', link],
  ['docker compose logs --follow api', logs],
  ['one function killed', kill],
  ['docker compose stop', stop],
  ['docker boxer unlink, docker boxer down', down],
];

/** The steps of the demo, as [title, work]. What a step leaves to later ones is kept between them. */
export const steps = (project) => {
  const state = {};
  return STORY.map(([title, work]) => [title, () => work(project, state)]);
};

/** Everything of the project that the engine still has; the runtime's volume is shared by all projects. */
export const leftovers = async ({ docker, name }) => {
  const left = [];
  for (const label of [`com.docker.compose.project=${name}`, `lambda-local.instance=${name}`]) {
    for (const [kind, format] of [
      ['container', '{{.Names}}'],
      ['network', '{{.Name}}'],
      ['volume', '{{.Name}}'],
    ]) {
      const all = kind === 'container' ? ['--all'] : [];
      const names = await docker(kind, 'ls', ...all, '--filter', `label=${label}`, '--format', format);
      left.push(...names.split('\n').filter(Boolean));
    }
  }
  return left;
};
