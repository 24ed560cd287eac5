/** Counts of requests over time. Slot i covers `startMs` in [i*widthMs, (i+1)*widthMs) on the timeline's clock. */
export interface Buckets {
  widthMs: number;
  /** One for each pair of answering cluster and outcome. `cluster`: the origin's; null: nothing of ours answered. */
  series: { cluster: string | null; outcome: Outcome; counts: number[] }[];
  /** Latencies by slot, the due start counting; null: no request in the slot. */
  latency: { p50Ms: (number | null)[]; p99Ms: (number | null)[]; maxMs: (number | null)[] };
}

/**
 * What became of a request, in words that name the layer that failed. Derived from the status, Envoy's response
 * flags and the socket error together: a bare status code cannot tell a denial by policy from one by the application.
 */
export const outcomes = [
  'ok',
  'denied',
  'noHealthyUpstream',
  'noRoute',
  'upstreamReset',
  'upstreamTimeout',
  'tlsFailure',
  'connectFailure',
  'clientTimeout',
  'appError',
] as const;
export type Outcome = (typeof outcomes)[number];

/** Who answered a request. */
export interface Origin {
  service: string;
  cluster: string;
  region: string;
  zone: string;
  pod: string;
}

/** One request of a timeline. Times are milliseconds on the timeline's monotonic clock. */
export interface RequestRecord {
  /** When the request was due to be sent (open loop) or was sent (closed loop). */
  startMs: number;
  /** When its outcome was known. */
  endMs: number;
  outcome: Outcome;
  /** HTTP status, absent when none came back. */
  status?: number;
  /** Who answered, absent when nothing of ours did. */
  origin?: Origin;
  /** What came back instead of an answer: Envoy's response flags and details, or the socket error. */
  detail?: string;
}

/** Something that was done to the mesh while requests ran, on the same clock. */
export interface TimelineEvent {
  atMs: number;
  label: string;
}

/** Requests in order of `startMs` and events in order of `atMs`, on one monotonic clock that starts at zero. */
export interface Timeline {
  /** Wall-clock time of zero, ISO 8601. */
  startedAt: string;
  requests: RequestRecord[];
  events: TimelineEvent[];
  /**
   * Counts of all requests; there where `requests` is not all of them. Then `requests` holds every failed one, the good ones
   * around each failure and each change of the answering cluster, and the first and the last ones.
   */
  buckets?: Buckets;
  /** How many requests are only in the buckets. */
  elided?: number;
  /** The most milliseconds that a request was sent after it was due, which its latency includes; absent where nobody measured it. */
  lateMs?: number;
}

/** Whether a user would accept the answer: by its outcome, its origin and, if it matters, its latency. */
export type Good = (request: RequestRecord) => boolean;
