import type { Buckets, Outcome } from '../traffic/timeline.ts';
import { type Experiment, failuresOf } from './experiment.ts';

/** The outcomes of requests at a moment. The shares add up to 1; the latency is the median in milliseconds. */
type Mix = readonly { cluster: string | null; outcome: Outcome; share: number; latencyMs: number }[];

const slotMs = 50;

/**
 * Buckets of an even load, as k6 counts them. `mixAt` decides the outcome of each request; latencies spread around the
 * median. The same arguments give the same buckets.
 */
export function sampleBuckets(options: {
  forMs: number;
  ratePerSecond: number;
  mixAt: (ms: number) => Mix;
}): Buckets {
  const { forMs, ratePerSecond, mixAt } = options;
  const slots = Math.ceil(forMs / slotMs);
  const random = randomNumbers(20_260_914);
  const series = new Map<string, Buckets['series'][number]>();
  const latencies: number[][] = Array.from({ length: slots }, () => []);
  for (let sent = 0; sent < (forMs * ratePerSecond) / 1000; sent++) {
    const startMs = (sent * 1000) / ratePerSecond;
    const slot = Math.floor(startMs / slotMs);
    const { cluster, outcome, latencyMs } = outcomeAt(mixAt(startMs), random());
    const key = `${cluster} ${outcome}`;
    const row = series.get(key) ?? { cluster, outcome, counts: Array.from({ length: slots }, () => 0) };
    series.set(key, row);
    row.counts[slot]! += 1;
    latencies[slot]?.push(latencyMs * (0.8 + 0.3 * random() + (random() < 0.01 ? 3 * random() : 0)));
  }
  const quantile = (share: number) =>
    latencies.map((all) => {
      const value = all.toSorted((a, b) => a - b)[Math.ceil(share * all.length) - 1];
      return value === undefined ? null : Number(value.toFixed(2));
    });
  return {
    widthMs: slotMs,
    series: [...series.values()],
    latency: { p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: quantile(1) },
  };
}

/** All local pods are killed: three seconds of resets, then the other region answers until new pods are ready. */
export function sampleFailover(scope = 'west→east (catalog), keep-alive, through the ingress'): Experiment {
  const [killedMs, movedMs, backMs, returnedMs] = [10_000, 13_150, 40_000, 42_600];
  const mixAt = (ms: number): Mix => {
    if (ms < killedMs || ms >= returnedMs)
      return [{ cluster: 'west', outcome: 'ok', share: 1, latencyMs: 3.1 }];
    if (ms < movedMs)
      return [
        { cluster: null, outcome: 'upstreamReset', share: 0.45, latencyMs: 4 },
        { cluster: null, outcome: 'noHealthyUpstream', share: 0.2, latencyMs: 1.2 },
        { cluster: 'east', outcome: 'ok', share: 0.35, latencyMs: 21 },
      ];
    const moved = { cluster: 'east', outcome: 'ok', share: 1, latencyMs: 18 } as const;
    if (ms < backMs)
      return [ms > 27_000 && ms < 27_050 ? { ...moved, outcome: 'upstreamReset', cluster: null } : moved];
    return [
      { ...moved, share: 0.5 },
      { cluster: 'west', outcome: 'ok', share: 0.5, latencyMs: 5 },
    ];
  };
  const buckets = sampleBuckets({ forMs: 60_000, ratePerSecond: 200, mixAt });
  const failures = failuresIn(buckets);
  return {
    scope,
    load: { ratePerSecond: 200, connections: 'keep-alive', from: 'ingress', generator: 'k6' },
    startedAt: '2026-09-14T09:13:02.000Z',
    buckets,
    events: [
      { atMs: killedMs, label: 'force-kill of catalog-west-0 and catalog-west-1' },
      { atMs: 10_240, label: 'no local endpoint left in the ingress proxy' },
      { atMs: backMs, label: 'catalog of west scaled back to 2' },
      { atMs: 41_900, label: 'both pods are ready' },
    ],
    bands: [
      { kind: 'fault', label: 'local pods gone', fromMs: killedMs, toMs: backMs },
      { kind: 'outage', label: 'outage 3.14 s', fromMs: 10_006, toMs: 13_150 },
    ],
    numbers: [
      { name: 'requests lost to the fault', value: failures.more + 50, unit: 'requests', atMost: 500 },
      { name: 'outage', value: 3144, unit: 'ms', atMost: 10_000 },
      { name: 'relapses', value: 1, unit: '', atMost: 0 },
      { name: 'detection after the fault', value: 41, unit: 'ms', atMost: 1000 },
      { name: 'traffic returned to its own region', value: 2600, unit: 'ms', atMost: 15_000 },
    ],
    failures,
  };
}

/** One of two pods hangs: half of the requests time out until the pod is ejected. */
export function sampleHang(scope = 'west→west (catalog), fresh connections, from inside'): Experiment {
  const [hangsMs, ejectedMs, wellMs] = [12_000, 17_400, 37_000];
  const mixAt = (ms: number): Mix => {
    const good = { cluster: 'west', outcome: 'ok', share: 1, latencyMs: 2.4 } as const;
    if (ms < hangsMs || ms >= ejectedMs) return [good];
    return [
      { ...good, share: 0.5 },
      { cluster: null, outcome: 'upstreamTimeout', share: 0.46, latencyMs: 1000 },
      { cluster: null, outcome: 'clientTimeout', share: 0.04, latencyMs: 5000 },
    ];
  };
  const buckets = sampleBuckets({ forMs: 45_000, ratePerSecond: 50, mixAt });
  const failures = failuresIn(buckets);
  return {
    scope,
    load: { ratePerSecond: 50, connections: 'fresh', from: 'mesh', generator: 'k6' },
    startedAt: '2026-09-14T09:14:30.000Z',
    buckets,
    events: [
      { atMs: hangsMs, label: 'catalog-west-1 hangs' },
      { atMs: ejectedMs, label: 'ejected by the proxy of probe' },
      { atMs: wellMs, label: 'catalog-west-1 answers again' },
    ],
    bands: [
      { kind: 'fault', label: 'one of two pods hangs', fromMs: hangsMs, toMs: wellMs },
      { kind: 'outage', label: 'partial outage 5.4 s', fromMs: hangsMs + 20, toMs: ejectedMs },
    ],
    numbers: [
      { name: 'requests lost to the fault', value: failures.more + 50, unit: 'requests', atMost: 150 },
      { name: 'outage', value: 5380, unit: 'ms', atMost: 6000 },
      { name: 'slowest answer', value: 5000, unit: 'ms', atMost: 5000 },
    ],
    failures,
  };
}

/** The link drops data: calls to a service behind it fail promptly, and recover by themselves. */
export function samplePartition(scope = 'west→east (inventory), fresh connections, from inside'): Experiment {
  const [cutMs, healedMs, backMs] = [8_000, 23_000, 24_700];
  const mixAt = (ms: number): Mix => {
    if (ms < cutMs || ms >= backMs) return [{ cluster: 'east', outcome: 'ok', share: 1, latencyMs: 16 }];
    const failure = (outcome: Outcome, share: number, latencyMs: number) => ({
      cluster: null,
      outcome,
      share,
      latencyMs,
    });
    return ms < cutMs + 2_000
      ? [failure('upstreamTimeout', 1, 1000)]
      : [failure('connectFailure', 0.15, 520), failure('noHealthyUpstream', 0.85, 1.5)];
  };
  const buckets = sampleBuckets({ forMs: 40_000, ratePerSecond: 100, mixAt });
  return {
    scope,
    load: { ratePerSecond: 100, connections: 'fresh', from: 'mesh', generator: 'k6' },
    startedAt: '2026-09-14T09:16:00.000Z',
    buckets,
    events: [
      { atMs: cutMs, label: 'port 15443 cut in both directions' },
      { atMs: healedMs, label: 'port 15443 open again' },
      { atMs: 23_110, label: 'the link counts packets again' },
    ],
    bands: [
      { kind: 'fault', label: 'partition of 15443', fromMs: cutMs, toMs: healedMs },
      { kind: 'outage', label: 'outage 16.7 s', fromMs: cutMs, toMs: backMs },
    ],
    numbers: [
      { name: 'detection', value: 1003, unit: 'ms', atMost: 2000 },
      { name: 'recovery after healing', value: 1700, unit: 'ms', atMost: 10_000 },
      { name: 'slowest failure', value: 1100, unit: 'ms', atMost: 2000 },
      { name: 'relapses', value: 0, unit: '', atMost: 0 },
    ],
    failures: failuresIn(buckets),
  };
}

/** The failures in buckets, each at the begin of its slot. */
function failuresIn({ series, widthMs }: Buckets): NonNullable<Experiment['failures']> {
  const failed = series.filter(({ outcome }) => outcome !== 'ok');
  const all = failed.flatMap(({ outcome, counts }) =>
    counts.flatMap((count, slot) =>
      Array.from({ length: count }, () => ({
        startMs: slot * widthMs,
        endMs: (slot + 1) * widthMs,
        outcome,
      })),
    ),
  );
  return failuresOf(all.toSorted((a, b) => a.startMs - b.startMs))!;
}

function outcomeAt(mix: Mix, random: number): Mix[number] {
  let left = random;
  return mix.find((one) => (left -= one.share) < 0) ?? mix.at(-1)!;
}

/** Reproducible random numbers in [0, 1): mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
