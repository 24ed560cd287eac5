import { z } from 'zod';
import { BucketCounts, slotMs } from './buckets.ts';
import { type Buckets, type Origin, outcomes, type RequestRecord } from './timeline.ts';

/** The version of the stream that clusters/k6/timeline/lines.go writes. */
const streamVersion = 1;

const id = z.int().nonnegative();
const request = z.strictObject({
  type: z.literal('request'),
  startMs: z.number(),
  endMs: z.number(),
  outcome: z.enum(outcomes),
  status: z.int().optional(),
  origin: id.optional(),
  detail: z.string().optional(),
});
const latencies = { p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() };
const line = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('header'),
    version: z.literal(streamVersion),
    slotMs: z.literal(slotMs),
    startedAt: z.string(),
  }),
  z.strictObject({
    type: z.literal('origin'),
    id,
    service: z.string(),
    cluster: z.string(),
    region: z.string(),
    zone: z.string(),
    pod: z.string(),
  }),
  request,
  z.strictObject({
    type: z.literal('slot'),
    slot: id,
    counts: z.array(z.strictObject({ origin: z.int().min(-1), outcome: z.enum(outcomes), n: id })),
    ...latencies,
  }),
  z.strictObject({ type: z.literal('tail'), requests: z.array(request) }),
  z.strictObject({ type: z.literal('progress'), completeToMs: z.number(), begun: id, underWay: id }),
  z.strictObject({ type: z.literal('sent'), begun: id, lastDueMs: z.number() }),
  z.strictObject({
    type: z.literal('end'),
    requests: id,
    told: id,
    elided: id,
    dropped: id,
    unfinished: id,
    lateMs: z.number(),
    ...latencies,
  }),
]);
type Line = z.infer<typeof line>;
type Slot = Extract<Line, { type: 'slot' }>;

/** The summary of a load. */
export type StreamEnd = Omit<Extract<Line, { type: 'end' }>, 'type'>;

/** Reads the stream of the k6 output `meshproof` line by line: newline-delimited JSON. */
export class K6Stream {
  /** The summary; absent until the end of the load. */
  end: StreamEnd | undefined;
  /** Whether k6 has sent all requests. */
  sent = false;
  /** The time at which the last request was due; 0 until all are sent. */
  lastDueMs = 0;
  readonly #requests: RequestRecord[] = [];
  readonly #origins: Origin[] = [];
  readonly #counts = new BucketCounts();
  #tail: RequestRecord[] = [];
  #lines = 0;

  /** Adds a line. Throws an Error that quotes the line if it is invalid or out of order. */
  push(text: string): void {
    this.#lines += 1;
    try {
      this.#take(line.parse(JSON.parse(text)));
    } catch (error) {
      throw new Error(`line ${this.#lines} of the timeline of k6 is invalid: ${text.slice(0, 200)}`, {
        cause: error,
      });
    }
  }

  /** The requests that are kept one by one so far: see {@link Timeline.buckets}. */
  get requests(): readonly RequestRecord[] {
    return this.#tail.length === 0 ? this.#requests : [...this.#requests, ...this.#tail];
  }

  /** Counts of all requests in the complete slots so far. */
  get buckets(): Buckets {
    return this.#counts.buckets();
  }

  #take(one: Line): void {
    if ((this.#lines === 1) !== (one.type === 'header'))
      throw new Error('the stream needs one header, in its first line');
    if (this.end) throw new Error('the stream has a line after its end');
    if (one.type === 'origin') this.#addOrigin(one);
    else if (one.type === 'request') this.#requests.push(this.#recordOf(one));
    else if (one.type === 'slot') this.#count(one);
    else if (one.type === 'tail') this.#tail = one.requests.map((request) => this.#recordOf(request));
    else if (one.type === 'sent') [this.sent, this.lastDueMs] = [true, one.lastDueMs];
    else if (one.type === 'end') this.#finish(one);
  }

  #addOrigin({ type: _type, id, ...origin }: Extract<Line, { type: 'origin' }>): void {
    if (id !== this.#origins.length)
      throw new Error(`origin ${id} follows origin ${this.#origins.length - 1}`);
    this.#origins.push(origin);
  }

  #recordOf({ type: _type, origin, ...rest }: z.infer<typeof request>): RequestRecord {
    const record: RequestRecord = { startMs: rest.startMs, endMs: rest.endMs, outcome: rest.outcome };
    if (rest.status !== undefined) record.status = rest.status;
    if (origin !== undefined) record.origin = this.#origin(origin);
    if (rest.detail !== undefined) record.detail = rest.detail;
    return record;
  }

  #origin(id: number): Origin {
    const known = this.#origins[id];
    if (!known) throw new Error(`origin ${id} is unknown`);
    return known;
  }

  #count({ slot, counts, p50Ms, p99Ms, maxMs }: Slot): void {
    for (const { origin, outcome, n } of counts)
      this.#counts.count(slot, origin < 0 ? null : this.#origin(origin).cluster, outcome, n);
    this.#counts.latency(slot, { p50Ms, p99Ms, maxMs });
  }

  #finish({ type: _type, ...end }: Extract<Line, { type: 'end' }>): void {
    this.#tail = []; // the stream has had these requests one by one
    if (end.told !== this.#requests.length)
      throw new Error(`the summary has ${end.told} requests, the stream ${this.#requests.length}`);
    this.end = end;
  }
}
