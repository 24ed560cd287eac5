/**
 * Measures the cost and the precision of the load generator, and prints JSON. The target is a server on loopback that fails for a
 * time that the server measures.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureK6 } from '../../harness/lab/k6-binary.ts';
import { startLoad, type Load, type LoadOptions } from '../../harness/traffic/k6-load.ts';
import { recordFurther } from '../../harness/traffic/streak.ts';
import type { Timeline } from '../../harness/traffic/timeline.ts';
import { answeredOk, durationMs, findOutages } from '../../harness/verdict/outage.ts';
import { startLoadServer, type Break, type LoadServer } from './load-server/start.ts';

/** CPU time and memory that a process has used. */
interface Taken {
  cpuSeconds: number;
  residentMiB: number;
  peakMiB: number;
}

/** Clock ticks a second in /proc, on every Linux that Node runs on (sysconf(_SC_CLK_TCK)). */
const ticksPerSecond = 100;

async function takenBy(pid: number): Promise<Taken> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user = '0', system = '0'] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return {
    cpuSeconds: (Number(user) + Number(system)) / ticksPerSecond,
    residentMiB: mib('VmRSS'),
    peakMiB: mib('VmHWM'),
  };
}

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

const loadOn = (server: LoadServer, options: Partial<LoadOptions>): LoadOptions => ({
  target: { name: 'a server on loopback', origin: server.origin, basePath: '', headers: {} },
  ratePerSecond: 200,
  durationMs: 600_000,
  connections: 'keep-alive',
  keep: 'notable',
  ...options,
});

/** A sample of a running generator. */
interface Sample extends Taken {
  atSeconds: number;
}

async function sampled(load: Load, forMs: number, everyMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const began = performance.now();
  while (performance.now() - began < forMs) {
    await delay(everyMs);
    samples.push({
      ...(await takenBy(load.pid ?? NaN)),
      atSeconds: (performance.now() - began) / 1000,
    });
  }
  return samples;
}

/** Least squares, in MiB a minute. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [at, memory] = [mean(({ atSeconds }) => atSeconds), mean(({ residentMiB }) => residentMiB)];
  const above = mean(({ atSeconds, residentMiB }) => (atSeconds - at) * (residentMiB - memory));
  return (above / mean(({ atSeconds }) => (atSeconds - at) ** 2)) * 60;
}

/** The cost of k6 at a rate: cores, peak memory and memory over time, and the cost of this process as the reader. */
async function measureCost(
  server: LoadServer,
  options: { ratePerSecond: number; seconds: number; connections: LoadOptions['connections'] },
) {
  const { ratePerSecond, seconds, connections } = options;
  const own = process.cpuUsage();
  await using load = startLoad(
    loadOn(server, { ratePerSecond, connections, durationMs: (seconds + 5) * 1000 }),
  );
  const samples = await sampled(load, seconds * 1000, 1000);
  const { user, system } = process.cpuUsage(own);
  const last = samples.at(-1);
  if (!last) throw new Error('The load ended before its first sample.');
  const timeline = await load.stop();
  return {
    ratePerSecond,
    connections,
    seconds: round(last.atSeconds),
    requests: timeline.requests.length + (timeline.elided ?? 0),
    failed: timeline.requests.filter(({ outcome }) => outcome !== 'ok').length,
    generatorCores: round(last.cpuSeconds / last.atSeconds, 3),
    generatorPeakMiB: round(last.peakMiB),
    memorySlopeMiBPerMinute: round(slopeOf(samples.slice(Math.ceil(samples.length / 4))), 2),
    readerCores: round((user + system) / 1e6 / last.atSeconds, 3),
    ...latencyOf(timeline),
  };
}

function latencyOf({ buckets }: Timeline) {
  const sorted = (all: readonly (number | null)[] = []) =>
    all.map((one) => one ?? 0).toSorted((a, b) => a - b);
  const medians = sorted(buckets?.latency.p50Ms);
  return {
    medianMs: medians[medians.length >> 1],
    worstMs: sorted(buckets?.latency.maxMs).at(-1),
  };
}

/** One outage, measured by the server and by the load, in milliseconds. */
export interface MeasuredOutage {
  how: 'reset' | 'hang';
  connections: LoadOptions['connections'];
  knownMs: number;
  measuredMs: number;
  errorMs: number;
  /** The slowest good answer within 20 requests of the outage: the machine's delay, which the outage includes too. */
  slowestAnswerMs: number;
  failed: number;
}

async function measureOutage(
  server: LoadServer,
  how: 'reset' | 'hang',
  connections: LoadOptions['connections'],
): Promise<MeasuredOutage> {
  await using load = startLoad(loadOn(server, { connections, timeoutMs: 1_000, durationMs: 60_000 }));
  await recordFurther(load, 1_000);
  const { fromNs, toNs }: Break = await server.break(how, 2_000);
  await recordFurther(load, 1_500);
  const timeline = await load.stop();
  const outages = findOutages(timeline.requests, answeredOk());
  const [outage] = outages;
  const measuredMs = outage && durationMs(outage);
  if (!outage || outages.length !== 1 || measuredMs === undefined)
    throw new Error(`The server made one outage, but the load measured ${outages.length}.`);
  const knownMs = Number(toNs - fromNs) / 1e6;
  const good = timeline.requests.filter(({ outcome }) => outcome === 'ok');
  const before = good.filter(({ startMs }) => startMs < outage.firstBadMs).slice(-20);
  const after = good.filter(({ startMs }) => startMs > outage.firstBadMs).slice(0, 20);
  return {
    slowestAnswerMs: round(
      Math.max(...[...before, ...after].map(({ endMs, startMs }) => endMs - startMs)),
      2,
    ),
    ...{ how, connections, failed: outage.errors },
    knownMs: round(knownMs, 2),
    measuredMs: round(measuredMs, 2),
    errorMs: round(measuredMs - knownMs, 2),
  };
}

/** Outages of two seconds by the server's own clock, measured one after the other. */
async function measureOutages(server: LoadServer, rounds: number): Promise<MeasuredOutage[]> {
  const measured: MeasuredOutage[] = [];
  for (let at = 0; at < rounds; at++) {
    const how = at % 2 === 0 ? 'reset' : 'hang';
    measured.push(await measureOutage(server, how, at % 4 < 2 ? 'keep-alive' : 'fresh'));
  }
  return measured;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      rate: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '10' },
      'slope-seconds': { type: 'string', default: '120' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(
      'npm run bench:load -- [--rate N] [--seconds N] [--rounds N] [--slope-seconds N]   measures k6 at a rate, twice for --seconds; --rounds outages of 2 s; memory for --slope-seconds; JSON on standard output',
    );
    process.exit(0);
  }
  const number = (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) throw new Error(`Expected a whole number, not "${text}".`);
    return value;
  };
  const [rounds, slope] = [number(values.rounds), number(values['slope-seconds'])];
  process.env['MESHPROOF_K6'] = await ensureK6();
  await using server = await startLoadServer();
  await server.script([{ kind: 'ok', cluster: 'west' }]);
  console.error(`measuring ${rounds} outages`);
  const outages = await measureOutages(server, rounds);
  const cost = { ratePerSecond: number(values.rate), seconds: number(values.seconds) };
  console.error(`measuring the cost of ${cost.ratePerSecond} requests/s, twice for ${cost.seconds} s`);
  const costs = [
    await measureCost(server, { ...cost, connections: 'keep-alive' }),
    await measureCost(server, { ...cost, connections: 'fresh' }),
  ];
  console.error(`measuring memory for ${slope} s`);
  const flat =
    slope > 0
      ? await measureCost(server, { ratePerSecond: 200, seconds: slope, connections: 'keep-alive' })
      : undefined;
  const errors = outages.map(({ errorMs }) => errorMs);
  console.log(
    JSON.stringify(
      { costs, flat, outageErrorMs: { min: Math.min(...errors), max: Math.max(...errors) }, outages },
      undefined,
      2,
    ),
  );
}
