import { z } from 'zod';
import { causeSchema, measurementSchema, promiseSchema } from './schema.ts';

/**
 * The messages of a suite's worker to the reporter, as Playwright annotations. They survive the process boundary, and a
 * timeout or crash of the worker after they are sent. `playwright test --list` prints the static ones.
 */
const payloads = {
  'meshproof.promise': promiseSchema
    .pick({ id: true, title: true, topic: true, level: true, references: true, disturbs: true, suite: true })
    .extend({
      needsLab: z.literal(true).optional(),
      timeoutMs: z.number().positive().optional(),
      gate: z.enum(['held', 'waited', 'tried']).optional(),
    })
    .describe('Static: the promise.'),
  'meshproof.judgement': z
    .strictObject({
      verdict: z.enum(['pass', 'fail', 'error']),
      reason: z.string().min(1),
      measurements: z.array(measurementSchema),
      scope: z.string().optional(),
      machineBusy: z.literal(true).optional(),
    })
    .describe('One judgement over a recording. A suite can have several.'),
  'meshproof.outcome': z
    .strictObject({
      ended: z
        .enum(['returned', 'broken', 'threw'])
        .describe('broken: by an assertion or PromiseBroken. threw: by another error.'),
      message: z.string(),
      machineBusy: z.literal(true).optional(),
    })
    .describe('The end of the body of the promise; absent if it did not begin or did not end.'),
  'meshproof.waiting': z.strictObject({
    waitingMs: z.number().nonnegative(),
    intervals: z.array(z.tuple([z.number(), z.number()])),
  }),
  'meshproof.cause': causeSchema.describe(
    'The first cause that the doctor found after the body of a promise failed.',
  ),
  'meshproof.doctor-silent': z
    .strictObject({})
    .describe(
      'The doctor did not find a cause after the body of a promise failed that did not inject a fault.',
    ),
};

type Payloads = typeof payloads;
export type AnnotationType = keyof Payloads;
export type Payload<T extends AnnotationType> = z.infer<Payloads[T]>;
export type Declaration = Payload<'meshproof.promise'>;
export type RecordedJudgement = Payload<'meshproof.judgement'>;

/** The parts of a Playwright annotation that the report needs. */
export interface Annotation {
  type: string;
  description?: string | undefined;
}

/**
 * A payload as a Playwright annotation. Throws if the payload does not fit its type, for example if a measurement is not a
 * finite number. The error names the field.
 */
export function annotation<T extends AnnotationType>(type: T, payload: Payload<T>) {
  const checked = payloads[type].safeParse(payload);
  if (!checked.success) throw new Error(`The annotation ${type} is invalid: ${faultsOf(checked.error)}`);
  return { type, description: JSON.stringify(checked.data) };
}

function faultsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

/** All payloads of one type, in order. Throws if a payload does not fit its type: only this module writes them. */
export function payloadsOf<T extends AnnotationType>(
  type: T,
  annotations: readonly Annotation[],
): Payload<T>[] {
  return annotations
    .filter((one) => one.type === type)
    .map((one) => payloads[type].parse(JSON.parse(one.description ?? 'null')) as Payload<T>);
}
