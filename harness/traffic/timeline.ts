/** Counts of requests over time. Slot i covers `startMs` in [i*widthMs, (i+1)*widthMs) on the timeline's clock. */
export interface Buckets {
  widthMs: number;
  /** One for each pair of answering cluster and outcome. `cluster` is null if a workload of meshproof did not answer. */
  series: { cluster: string | null; outcome: Outcome; counts: number[] }[];
  /** Latencies by the slot in which a request was due; null: the slot has 0 requests. */
  latency: { p50Ms: (number | null)[]; p99Ms: (number | null)[]; maxMs: (number | null)[] };
}

/**
 * The outcomes of a request. A failure names the layer that failed. They come from the status, Envoy's response flags and
 * the socket error together: a status code alone does not separate a denial by policy from an error of the application.
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

/** The workload that answered a request. */
export interface Origin {
  service: string;
  cluster: string;
  region: string;
  zone: string;
  pod: string;
}

/** One request of a timeline. Times are milliseconds on the timeline's monotonic clock. */
export interface RequestRecord {
  /** The time at which the request was due (open loop) or was sent (closed loop). */
  startMs: number;
  /** The time at which its outcome was known. */
  endMs: number;
  outcome: Outcome;
  /** HTTP status, absent without an answer. */
  status?: number;
  /** The answering workload, absent if a workload of meshproof did not answer. */
  origin?: Origin;
  /** The details of a failure: Envoy's response flags and details, or the socket error. */
  detail?: string;
}

/** An event in the mesh during a recording, on the same clock. */
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
   * Counts of all requests; present if `requests` does not have all of them. Then `requests` has every failed request, the
   * good requests around each failure and each change of the answering cluster, and the first and last requests.
   */
  buckets?: Buckets;
  /** The number of requests that are only in the buckets. */
  elided?: number;
  /** The longest delay in milliseconds between due and sent. Latencies include the delay. Absent if it was not measured. */
  lateMs?: number;
}

/** Whether a user would accept the answer: by its outcome, its origin and, if it matters, its latency. */
export type Good = (request: RequestRecord) => boolean;
