import { z } from 'zod';
import { causeSchema, measurementSchema, promiseSchema } from './schema.ts';

/**
 * What a suite's worker tells the reporter, as Playwright annotations: they survive the process boundary, a timeout
 * and a crash of the worker after they were sent, and `playwright test --list` prints the static ones.
 */
const payloads = {
  'meshproof.promise': promiseSchema
    .pick({ id: true, title: true, topic: true, level: true, references: true, disturbs: true, suite: true })
    .extend({
      needsLab: z.literal(true).optional(),
      timeoutMs: z.number().positive().optional(),
      gate: z.enum(['held', 'tried']).optional(),
    })
    .describe('Static: what is promised.'),
  'meshproof.judgement': z
    .strictObject({
      verdict: z.enum(['pass', 'fail', 'error']),
      reason: z.string().min(1),
      measurements: z.array(measurementSchema),
      scope: z.string().optional(),
    })
    .describe('One judgement over a recording, as often as the suite judges.'),
  'meshproof.outcome': z
    .strictObject({
      ended: z
        .enum(['returned', 'broken', 'threw'])
        .describe('broken: by an assertion or PromiseBroken. threw: by any other error.'),
      message: z.string(),
    })
    .describe('How the body of the promise ended; absent when it never began or never ended.'),
  'meshproof.waiting': z.strictObject({
    waitingMs: z.number().nonnegative(),
    intervals: z.array(z.tuple([z.number(), z.number()])),
  }),
  'meshproof.cause': causeSchema.describe('What the doctor found first, after the body of a promise failed.'),
};

type Payloads = typeof payloads;
export type AnnotationType = keyof Payloads;
export type Payload<T extends AnnotationType> = z.infer<Payloads[T]>;
export type Declaration = Payload<'meshproof.promise'>;
export type RecordedJudgement = Payload<'meshproof.judgement'>;

/** A Playwright annotation, as far as it is read here. */
export interface Annotation {
  type: string;
  description?: string | undefined;
}

/**
 * A payload as a Playwright annotation. Throws when it does not fit its type, naming the place: a measurement that is
 * not a finite number, say.
 */
export function annotation<T extends AnnotationType>(type: T, payload: Payload<T>) {
  const checked = payloads[type].safeParse(payload);
  if (!checked.success) throw new Error(`unfit ${type}: ${faultsOf(checked.error)}`);
  return { type, description: JSON.stringify(checked.data) };
}

function faultsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

/** All payloads of one type, in order. Throws when one does not fit: nobody but this module writes them. */
export function payloadsOf<T extends AnnotationType>(
  type: T,
  annotations: readonly Annotation[],
): Payload<T>[] {
  return annotations
    .filter((one) => one.type === type)
    .map((one) => payloads[type].parse(JSON.parse(one.description ?? 'null')) as Payload<T>);
}
