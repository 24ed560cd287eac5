import type { Outcome, RequestRecord, Timeline, TimelineEvent } from '../traffic/timeline.ts';

/** The result of one request in a synthetic recording. */
export interface Fate {
  /** Default `ok`. */
  outcome?: Outcome;
  /** Region, cluster and pod of the answer: "west" answers as region west, cluster west, pod west-0. */
  from?: string;
  pod?: string;
  latencyMs?: number;
  detail?: string;
}

/** Builds a synthetic recording: a request every `everyMs` for `forMs`, each with the fate of its start. */
export function timelineOf(options: {
  forMs: number;
  everyMs?: number;
  fate: (startMs: number, index: number) => Fate;
  events?: Record<string, number>;
}): Timeline {
  const { forMs, everyMs = 10, fate, events = {} } = options;
  const requests = Array.from({ length: Math.floor(forMs / everyMs) }, (_, index) =>
    recordOf(index * everyMs, fate(index * everyMs, index)),
  );
  const marked: TimelineEvent[] = Object.entries(events).map(([label, atMs]) => ({ label, atMs }));
  return { startedAt: '2026-01-01T00:00:00.000Z', requests, events: marked.sort((a, b) => a.atMs - b.atMs) };
}

/** One request with a fate; default latency 2 ms. */
export function recordOf(startMs: number, fate: Fate = {}): RequestRecord {
  const { outcome = 'ok', from, pod, latencyMs = 2, detail } = fate;
  const record: RequestRecord = { startMs, endMs: startMs + latencyMs, outcome };
  if (detail !== undefined) record.detail = detail;
  if (from !== undefined) {
    record.origin = {
      service: 'catalog',
      cluster: from,
      region: from,
      zone: `${from}-a`,
      pod: pod ?? `${from}-0`,
    };
  }
  return record;
}

/** A recording of good answers: the given number from each region. */
export function answersFrom(counts: Record<string, number>): Timeline {
  const regions = Object.entries(counts).flatMap(([region, n]) => Array.from({ length: n }, () => region));
  return timelineOf({ forMs: regions.length * 10, fate: (_, index) => ({ from: regions[index] ?? '' }) });
}
