import { z } from 'zod';
import { type Buckets, outcomes, type RequestRecord } from '../traffic/timeline.ts';
import { loadSchema, measurementSchema } from './schema.ts';

/** Name of the Playwright attachment by which a suite hands an experiment to the reporter. */
export const experimentAttachment = 'meshproof.experiment';

const latencies = z.array(z.number().nonnegative().nullable());

/** Counts of requests over time; see Buckets in harness/traffic. */
const bucketsSchema = z.strictObject({
  widthMs: z.number().positive().describe('Slot i covers starts in [i*widthMs, (i+1)*widthMs).'),
  series: z.array(
    z.strictObject({
      cluster: z.string().nullable().describe('Of the origin; null: nothing of ours answered.'),
      outcome: z.enum(outcomes),
      counts: z.array(z.int().nonnegative()).describe('One a slot.'),
    }),
  ),
  latency: z
    .strictObject({ p50Ms: latencies, p99Ms: latencies, maxMs: latencies })
    .describe('One value a slot; null where no request began in it.'),
}) satisfies z.ZodType<Buckets>;

/**
 * What a suite that breaks something under load shows of it, one a direction: the requests over time, what was done, and
 * the numbers that were judged. Times are milliseconds on the timeline's clock.
 */
export const experimentSchema = z.strictObject({
  scope: z
    .string()
    .min(1)
    .describe("The direction and the load: 'west→east (inventory), keep-alive, from inside'."),
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
      .refine(({ fromMs, toMs }) => fromMs <= toMs, 'a band ends before it begins'),
  ),
  numbers: z.array(measurementSchema).describe('Shown beside the picture: detection, recovery, errors, …'),
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
      more: z.int().nonnegative().describe('How many there were beside them.'),
    })
    .optional()
    .describe('Requests that were not as wanted, in the order in which they were sent.'),
});

export type Experiment = z.infer<typeof experimentSchema>;
export type Band = Experiment['bands'][number];

/** How many failed requests an experiment keeps one by one: those that come after tell the same. */
const mostFailures = 50;

/** What an experiment keeps of the requests that were not as wanted; undefined where all were. */
export function failuresOf(failed: readonly RequestRecord[]): Experiment['failures'] {
  if (failed.length === 0) return undefined;
  const first = failed.slice(0, mostFailures).map(({ startMs, endMs, outcome, detail }) => ({
    ...{ startMs, endMs, outcome },
    ...(detail === undefined ? {} : { detail: detail.slice(0, 300) }),
  }));
  return { first, more: failed.length - first.length };
}

/** An experiment from the text of its file. Throws an Error that says what does not fit, and where. */
export function parseExperiment(text: string): Experiment {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`not JSON (${text.length} characters, cut off?): ${String(cause)}`, { cause });
  }
  const checked = experimentSchema.safeParse(json);
  if (checked.success) return checked.data;
  const [first] = checked.error.issues;
  throw new Error(`not an experiment: ${first?.path.join('.') || 'the whole'}: ${first?.message}`, {
    cause: checked.error,
  });
}

/** How many slots there are, the longest row deciding. */
export function slotsOf({ series, latency }: Buckets): number {
  const rows = [...series.map((one) => one.counts), latency.p50Ms, latency.p99Ms, latency.maxMs];
  return rows.reduce((most, row) => Math.max(most, row.length), 0);
}
