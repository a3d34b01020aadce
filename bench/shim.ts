/**
 * Measures the cost of the process monitor: calls are made natively and boxed, alternately, and each sample
 * is the median of the calls of one process. Requires root for network and mount namespaces, and valgrind to
 * count instructions. Options: --runs N (20).
 */
import { parseArgs } from 'node:util';
import { report } from './lib/report.ts';
import { alternate, type Comparison } from './lib/samples.ts';
import { type Call, type Measurer, startMeasurer } from './lib/shim-calls.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { runs: { type: 'string', default: '20' } },
});
const RUNS = Number(values.runs);

/**
 * Addresses for the test supervisor: 127.0.0.1 is outside the overlay, 10.66.0.1 is the node's own overlay
 * address.
 */
const OUTSIDE = '127.0.0.1';
const DIRECT = '10.66.0.1';
const PATH = '/usr/lib/os-release';

interface Timed extends Call {
  readonly title: string;
  readonly aim?: string;
}

const TIMED: readonly Timed[] = [
  {
    title: 'connect to an address outside the overlay (TCP)',
    what: 'connect',
    repetitions: 5000,
    target: OUTSIDE,
    aim: 'ratio 1.02 or less',
  },
  { title: 'the same without a packet (UDP)', what: 'bare-connect', repetitions: 20_000, target: OUTSIDE },
  { title: 'accept of a direct connection', what: 'accept', repetitions: 5000, target: DIRECT },
  {
    title: 'getaddrinfo of an overlay name, natively of a DNS name',
    what: 'getaddrinfo',
    repetitions: 1000,
    target: 'direct',
    aim: 'ratio below 1',
  },
  {
    title: 'open of an ordinary path, beside 14 remapped ones',
    what: 'open',
    repetitions: 20_000,
    target: PATH,
    aim: 'ratio 1.05 or less',
  },
  {
    title: 'open of a relative path, beside 14 remapped ones',
    what: 'open',
    repetitions: 20_000,
    target: PATH.slice(1),
  },
  { title: 'close of a file', what: 'close', repetitions: 20_000, target: PATH },
  { title: 'sendmsg without an address, as on every connection', what: 'sendmsg', repetitions: 20_000 },
  {
    title: 'start and end of /bin/true',
    what: 'exec',
    repetitions: 100,
    aim: 'difference 300000 ns or less',
  },
];

async function compare(measurer: Measurer, { title, aim, ...call }: Timed): Promise<Comparison> {
  const [native, boxed] = await alternate(
    RUNS,
    () => measurer.measure('native', call),
    () => measurer.measure('boxed', call),
  );
  const series = [
    { label: 'native', samples: native },
    { label: 'boxed', samples: boxed },
  ] as const;
  return { title, unit: 'ns', series, ...(aim ? { aim } : {}) };
}

/** The number of instructions that the monitor adds to one call. */
async function addedInstructions(measurer: Measurer, call: Call): Promise<number> {
  const perCall = async (side: 'native' | 'boxed') => {
    const few = await measurer.instructions(side, { ...call, repetitions: 100 });
    const many = await measurer.instructions(side, { ...call, repetitions: 1100 });
    return (many - few) / 1000;
  };
  return (await perCall('boxed')) - (await perCall('native'));
}

const measurer = await startMeasurer();
try {
  const comparisons: Comparison[] = [];
  for (const timed of TIMED) {
    process.stderr.write(`${timed.title}\n`);
    comparisons.push(await compare(measurer, timed));
  }
  const [native, boxed] = await alternate(
    RUNS,
    () => measurer.measure('native', { what: 'memory', repetitions: 0, target: OUTSIDE }),
    () => measurer.measure('boxed', { what: 'memory', repetitions: 0, target: OUTSIDE }),
  );
  const kilobytes = (samples: number[]) => samples.map((bytes) => bytes / 1024);
  comparisons.push({
    title: 'memory that is one process’s alone',
    unit: 'KiB',
    series: [
      { label: 'native', samples: kilobytes(native) },
      { label: 'boxed', samples: kilobytes(boxed) },
    ],
  });
  const added = async (title: string, what: string, target: string) => ({
    title: `${title}: instructions added`,
    value: await addedInstructions(measurer, { what, repetitions: 0, target }),
    unit: 'per call',
  });
  process.stderr.write('instructions\n');
  report('shim', 'The process monitor: calls natively and boxed', comparisons, [
    await added('connect outside', 'bare-connect', OUTSIDE),
    await added('open', 'open', PATH),
    await added('accept and close, direct', 'accept', DIRECT),
    await added('sendmsg without an address', 'sendmsg', OUTSIDE),
  ]);
} finally {
  measurer.close();
}
