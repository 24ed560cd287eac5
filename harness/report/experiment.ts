import { z } from 'zod';
import { type Buckets, outcomes, type RequestRecord } from '../traffic/timeline.ts';
import { loadSchema, measurementSchema } from './schema.ts';

/** Name of the Playwright attachment that holds an experiment for the reporter. */
export const experimentAttachment = 'meshproof.experiment';

const latencies = z.array(z.number().nonnegative().nullable());

/** Counts of requests over time; see Buckets in harness/traffic. */
const bucketsSchema = z.strictObject({
  widthMs: z.number().positive().describe('Slot i covers starts in [i*widthMs, (i+1)*widthMs).'),
  series: z.array(
    z.strictObject({
      cluster: z
        .string()
        .nullable()
        .describe('The answering cluster; null: a workload of meshproof did not answer.'),
      outcome: z.enum(outcomes),
      counts: z.array(z.int().nonnegative()).describe('One for each slot.'),
    }),
  ),
  latency: z
    .strictObject({ p50Ms: latencies, p99Ms: latencies, maxMs: latencies })
    .describe('One value for each slot; null: the slot has 0 requests.'),
}) satisfies z.ZodType<Buckets>;

/**
 * The recording of one load during a fault: the requests over time, the events, and the judged numbers. Times are
 * milliseconds on the clock of the timeline.
 */
export const experimentSchema = z.strictObject({
  scope: z
    .string()
    .min(1)
    .describe("The path and the load: 'west→east (inventory), keep-alive, from inside'."),
  phase: z.string().optional().describe('The part of the promise, if it injects several faults.'),
  load: loadSchema,
  startedAt: z.iso.datetime().describe('Wall-clock time of zero.'),
  buckets: bucketsSchema,
  events: z.array(z.strictObject({ atMs: z.number(), label: z.string() })),
  bands: z.array(
    z
      .strictObject({
        kind: z.enum(['fault', 'outage']),
        label: z.string(),
        fromMs: z.number(),
        toMs: z.number(),
      })
      .refine(({ fromMs, toMs }) => fromMs <= toMs, 'the band ends before it begins'),
  ),
  numbers: z
    .array(measurementSchema)
    .describe('The numbers next to the picture: detection, recovery, errors, …'),
  failures: z
    .strictObject({
      first: z.array(
        z.strictObject({
          startMs: z.number(),
          endMs: z.number(),
          outcome: z.enum(outcomes),
          detail: z.string().optional().describe("Envoy's response flags and details, or the socket error."),
        }),
      ),
      more: z.int().nonnegative().describe('The number of further failures.'),
    })
    .optional()
    .describe('Requests that failed or were too slow, in the order in which they were sent.'),
});

export type Experiment = z.infer<typeof experimentSchema>;
export type Band = Experiment['bands'][number];

/** The most failed requests that an experiment keeps one by one. */
const mostFailures = 50;

/** The part of the failed requests that an experiment keeps; undefined if all requests were good. */
export function failuresOf(failed: readonly RequestRecord[]): Experiment['failures'] {
  if (failed.length === 0) return undefined;
  const first = failed.slice(0, mostFailures).map(({ startMs, endMs, outcome, detail }) => ({
    startMs,
    endMs,
    outcome,
    ...(detail === undefined ? {} : { detail: detail.slice(0, 300) }),
  }));
  return { first, more: failed.length - first.length };
}

/** An experiment from the text of its file. Throws an Error that names the invalid field. */
export function parseExperiment(text: string): Experiment {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`invalid JSON (${text.length} characters, cut off?): ${String(cause)}`, { cause });
  }
  const checked = experimentSchema.safeParse(json);
  if (checked.success) return checked.data;
  const [first] = checked.error.issues;
  throw new Error(`invalid experiment: ${first?.path.join('.') || 'the whole file'}: ${first?.message}`, {
    cause: checked.error,
  });
}

/** The number of slots of the longest row. */
export function slotsOf({ series, latency }: Buckets): number {
  const rows = [...series.map((one) => one.counts), latency.p50Ms, latency.p99Ms, latency.maxMs];
  return rows.reduce((most, row) => Math.max(most, row.length), 0);
}
