import type { Outcome, RequestRecord, Timeline, TimelineEvent } from '../traffic/timeline.ts';

/** What becomes of a request sent at a moment, in a recording made up for a test. */
export interface Fate {
  /** Default `ok`. */
  outcome?: Outcome;
  /** Region, cluster and pod of the answer: "west" answers as region west, cluster west, pod west-0. */
  from?: string;
  pod?: string;
  latencyMs?: number;
  detail?: string;
}

/** Makes up a recording: a request every `everyMs` for `forMs`, each with the fate of its start. */
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

/** One request with a fate; latency 2 ms unless told. */
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

/** A recording of answers, so many from each region, all well. */
export function answersFrom(counts: Record<string, number>): Timeline {
  const regions = Object.entries(counts).flatMap(([region, n]) => Array.from({ length: n }, () => region));
  return timelineOf({ forMs: regions.length * 10, fate: (_, index) => ({ from: regions[index] ?? '' }) });
}
