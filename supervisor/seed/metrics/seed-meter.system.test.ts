import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { serve } from '../../network/relay/socket-testbed.ts';
import { createTestbed, open, type Testbed, until } from '../overlay-testbed.ts';
import { SeedMeter } from './seed-meter.ts';
import { serveMetrics } from './serve-metrics.ts';

let bed: Testbed;
let port: number;
const stop = new AbortController();
const meter = new SeedMeter();

beforeEach(async () => {
  bed = await createTestbed({ observer: meter.observer });
  meter.watch(bed.seed);
  port = await serveMetrics({ registry: meter.registry, port: 0, host: '127.0.0.1', signal: stop.signal });
});
afterEach(async () => {
  stop.abort();
  await bed.close();
});

const scrape = (path = '/metrics', init = {}) => fetch(`http://127.0.0.1:${port}${path}`, init);

/** A line of the text format: a name, labels, a number. */
const SAMPLE =
  /^([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$/;

/**
 * Maps each sample's name with labels to its value. Every sample has to belong to a metric with HELP and TYPE
 * lines before it.
 */
function samplesOf(text: string): Map<string, number> {
  expect(text.endsWith('\n')).toBe(true);
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.split('\n').filter(Boolean)) {
    const [, kind, metric, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'TYPE') types.set(metric ?? '', rest ?? '');
    if (kind) continue;
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    expect([line, name]).not.toEqual([line, '']);
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    expect([line, types.get(family)]).toEqual([
      line,
      expect.stringMatching(/^(counter|gauge|histogram|summary)$/),
    ]);
    if (types.get(family) === 'counter') expect(family).toMatch(/_total$/);
    const key = labels === '' ? name : `${name}{${labels}}`;
    expect(samples.has(key)).toBe(false);
    samples.set(key, Number(value));
  }
  return samples;
}

test('the metrics count the events at the seed, and contain no names, addresses or keys', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  // The pairs of a node, as its connector counts them.
  const pairs = [
    { to: '198.18.0.2', transport: 'relay' as const, why: 'w', connections: 3 },
    { to: '198.18.0.3', transport: 'relay' as const, why: 'w', connections: 1, rtt: 2 },
    { to: '198.18.0.4', transport: 'punch' as const, why: 'w', connections: 2 },
  ];
  const nobody = () => Promise.reject(new Error('nobody'));
  const peers = { meet: nobody, punch: nobody, pairs: async () => pairs };
  const [web, api] = await Promise.all([bed.join('web', { peers }), bed.join('secretive')]);
  await api.setListening([echo.port]);
  await until(web, () => web.members().get(api.nodeId)?.ports.length === 1);
  const socket = await open(web, api.address, echo.port);
  socket.end('bytes');
  for await (const _ of socket);
  echo.server.close();
  await expect(web.connect(api.address, 1)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });

  const response = await scrape();
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  const samples = samplesOf(text);
  const at = (key: string) => samples.get(key);
  expect(at('boxer_nodes{role="container",state="up",nat="none"}')).toBe(2);
  expect(at('boxer_joins_total{result="ok"}')).toBe(2);
  expect(at('boxer_introductions_total{kind="connect",result="ok"}')).toBe(1);
  expect(at('boxer_introductions_total{kind="connect",result="ECONNREFUSED"}')).toBe(1);
  expect(at('boxer_introduction_seconds_count{kind="connect"}')).toBe(2);
  expect(at('boxer_handshake_seconds_count')).toBe(2);
  expect(at('boxer_connections{transport="relay"}')).toBe(4);
  expect(at('boxer_connections{transport="punch"}')).toBe(2);
  expect(at('boxer_connections{transport="direct"}')).toBe(0);
  expect(at('boxer_pairs{transport="relay"}')).toBe(2);
  for (const name of ['boxer_relay_flows', 'boxer_relay_bytes_total', 'boxer_membership_delay_seconds_count'])
    expect([name, at(name)]).toEqual([name, expect.any(Number)]);
  for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds'])
    expect(at(name)).toBeGreaterThanOrEqual(0);
  expect(text).not.toMatch(/secretive|198\.18|127\.0\.0\.1|[0-9a-f]{32}/);
  expect((await scrape('/')).status).toBe(404);
  expect((await scrape('/metrics', { method: 'POST' })).status).toBe(405);
});
