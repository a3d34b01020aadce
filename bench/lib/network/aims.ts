import { median, quantile, ratioByTurn } from '../samples.ts';
import { type Measured, nameOf, ROUNDS } from './measure.ts';

/** One line of the table: the result and the aim. */
export interface Verdict {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: string;
  /** Undefined if there is no aim. */
  readonly met: boolean | undefined;
}

const at = (rtt: number) => (rtt === 0 ? 'no added RTT' : `${rtt} ms RTT`);

const FUNCTIONS = nameOf({ from: 'function', to: 'function' });
const CONTAINERS = nameOf({ from: 'container', to: 'container' });
const isDirect = ({ pair }: Measured) => pair.endsWith('container');

function below(what: string, value: number, limit: number, unit = ''): Verdict {
  return { what, value, unit, aim: `${limit} or less`, met: value <= limit };
}

function ofPair(measured: Measured): Verdict[] {
  const { pair, rtt, firstByte, roundTrip, oneStream, eightStreams } = measured;
  const verdicts: Verdict[] = [];
  if (roundTrip.native.length > 0) {
    const ratio = ratioByTurn(roundTrip.boxer, roundTrip.native, ROUNDS);
    const met = ratio >= 0.98 && ratio <= 1.02;
    verdicts.push({
      what: `${pair}, ${at(rtt)}: RTT, Boxer / native`,
      value: ratio,
      unit: '',
      aim: '0.98 to 1.02',
      met,
    });
  }
  for (const [name, rates] of Object.entries({ 'one stream': oneStream, '8 streams': eightStreams })) {
    if (rates.native.length === 0) continue;
    const ratio = ratioByTurn(rates.boxer, rates.native);
    const what = `${pair}, ${at(rtt)}: throughput of ${name}, Boxer / native`;
    verdicts.push({ what, value: ratio, unit: '', aim: '0.98 or more', met: ratio >= 0.98 });
  }
  if (firstByte.native.length > 0 && isDirect(measured))
    for (const [name, q, limit] of [
      ['p50', 0.5, 1.05],
      ['p99', 0.99, 1.2],
    ] as const) {
      const ratio = quantile(firstByte.boxer, q) / quantile(firstByte.native, q);
      verdicts.push(below(`${pair}, ${at(rtt)}: time to first byte, ${name}, direct / native`, ratio, limit));
    }
  return verdicts;
}

/**
 * The results that have an aim, and those that are only reported. `all` has every pair and round-trip time.
 */
export function verdictsOf(all: readonly Measured[]): Verdict[] {
  const find = (pair: string, rtt: number) => all.find((each) => each.pair === pair && each.rtt === rtt);
  const verdicts = all.flatMap(ofPair);
  const far = find(FUNCTIONS, 20);
  if (far)
    verdicts.push(
      below(
        'function → function, 20 ms RTT: time to first byte, punched',
        median(far.firstByte.boxer) / 20_000,
        2.6,
        'RTT',
      ),
    );
  const [near, containers] = [find(FUNCTIONS, 0), find(CONTAINERS, 0)];
  if (near && containers) {
    const ratio = median(near.firstByte.boxer) / median(containers.firstByte.native);
    verdicts.push(
      below(
        'function → function, no added RTT: time to first byte, punched / native between containers',
        ratio,
        3,
      ),
    );
  }
  for (const measured of all.filter((each) => !isDirect(each)))
    verdicts.push({
      what:
        `${measured.pair}, ${at(measured.rtt)}: CPU time of supervisors and seed per 1,000 ` +
        `punched connections`,
      value: (measured.cpu / measured.firstByte.boxer.length) * 1e6,
      unit: 'ms',
      aim: '',
      met: undefined,
    });
  for (const { pair, rtt, meeting } of all)
    verdicts.push({
      what: `${pair}, ${at(rtt)}: the first connection`,
      value: meeting / 1000,
      unit: 'ms',
      aim: '',
      met: undefined,
    });
  return verdicts;
}

export function tableOf(verdicts: readonly Verdict[]): string {
  const width = Math.max(...verdicts.map(({ what }) => what.length));
  return verdicts
    .map(({ what, value, unit, aim, met }) => {
      const judged = met === undefined ? '' : `  ${met ? 'yes' : 'NO '}  aim: ${aim}`;
      return `${what.padEnd(width)}  ${value.toFixed(2).padStart(8)} ${unit.padEnd(3)}${judged}\n`;
    })
    .join('');
}
