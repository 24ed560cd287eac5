import { z } from 'zod';
import { families, severities } from '../../doctor/finding.ts';
import { reportSchema } from '../../report/schema.ts';

const { command, startedAt, finishedAt, machine, versions, mesh } = reportSchema.shape;
const promiseId = z.string().regex(/^[A-Z]{3}-\d{2}$/);
const seconds = z.number().nonnegative();

/** One cause of a diagnosis. */
const causeSchema = z.strictObject({
  code: z.string(),
  severity: z.enum(severities),
  cluster: z.string().optional(),
  peer: z.string().optional(),
  object: z.string().optional(),
  sentence: z.string(),
  explains: z.array(z.string()).describe('Codes of the findings that the cause explains, each once.'),
});

/** The verdict of a promise that was tried. */
const triedSchema = z.strictObject({
  id: promiseId,
  verdict: z.enum(['pass', 'fail', 'error', 'skipped']),
  reason: z.string(),
});

/** The outcome of a promise that a defect has to break. */
const promiseSchema = z.strictObject({
  id: promiseId,
  outcome: z
    .enum(['broken', 'kept', 'notJudged', 'uncounted'])
    .describe(
      'broken: as it has to be. uncounted: it did not hold on the healthy mesh, so it tells nothing here.',
    ),
  reason: z.string(),
});

const askedSchema = z.strictObject({
  command: z.string().describe('Without the name of the tool, kubeconfig and context.'),
  cluster: z.string(),
});

/** The output of istioctl on a mesh with a defect, compared with the healthy mesh. */
const istioctlSchema = askedSchema.extend({
  says: z.array(z.string()).describe('Lines that the healthy mesh does not give.'),
  saysNoMore: z
    .array(z.string())
    .describe('Lines that the healthy mesh gives each time, and that are missing now.'),
  seconds,
});

const rowSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  family: z.enum(families),
  cause: z.string().describe('The cause and the effect of the defect.'),
  silent: z.boolean().describe('Traffic still works.'),
  expected: z.strictObject({
    findings: z.array(z.string()).min(1),
    where: z
      .strictObject({ cluster: z.string().optional(), peer: z.string().optional() })
      .optional()
      .describe('The clusters that the finding has to name; absent: any.'),
    promises: z.array(promiseId),
  }),
  verdict: z
    .enum(['named', 'symptom', 'missed', 'error', 'skipped'])
    .describe(
      'named: the first cause is the defect, in its place. symptom: something is seen, and the first cause is another. missed: nothing above info.',
    ),
  reason: z.string(),
  breakages: z.array(
    z.strictObject({
      fault: z.string(),
      parameters: z.record(z.string(), z.unknown()),
      evidence: z.string().describe('The proof that the fault took effect.'),
    }),
  ),
  causes: z
    .array(causeSchema)
    .nullable()
    .describe('The causes of the doctor, the most severe first; null: not run.'),
  promises: z.array(promiseSchema),
  istioctl: z.array(istioctlSchema).nullable().describe('null: not run.'),
  seconds: z.strictObject({
    breaking: seconds.describe('From the first change to the last proof.'),
    settling: seconds,
    doctor: seconds,
    istioctl: seconds,
    promises: seconds,
    healing: seconds,
    healthy: seconds.describe('From the heal until the mesh is healthy.'),
    all: seconds,
  }),
});

/** The shape of results/<run>/selftest.json. */
export const selftestSchema = z.strictObject({
  schema: z.literal('meshproof.dev/selftest/v1'),
  run: z.string().describe('Name of the run folder.'),
  verdict: z
    .enum(['pass', 'fail', 'error'])
    .describe(
      'error when it ended early; else fail if a defect is not named or a promise is kept that it has to break; else error if anything could not be judged; else pass.',
    ),
  reason: z.string(),
  finished: z.boolean().describe('Every chosen defect was tried.'),
  ...{ startedAt, finishedAt, command, machine, versions, mesh },
  defects: z.int().describe('The number of chosen defects.'),
  healthy: z
    .strictObject({
      promises: z.array(triedSchema).describe('The listed promises, tried before the first defect.'),
      istioctl: z
        .array(askedSchema.extend({ rounds: z.int(), lines: z.array(z.string()) }))
        .nullable()
        .describe('The lines of istioctl on the healthy mesh, of all rounds; null: not run.'),
      seconds,
    })
    .describe('The healthy mesh before the first defect.'),
  rows: z.array(rowSchema),
});

/** The records and verdicts of a self-test. */
export type Selftest = z.infer<typeof selftestSchema>;
export type SelftestRow = z.infer<typeof rowSchema>;
export type SelftestCause = z.infer<typeof causeSchema>;
export type SelftestPromise = z.infer<typeof promiseSchema>;
export type TriedPromise = z.infer<typeof triedSchema>;
export type Healthy = Selftest['healthy'];
export type IstioctlWord = z.infer<typeof istioctlSchema>;

/** The JSON schema (draft 2020-12) of selftest.json. */
export function selftestJsonSchema(): object {
  return { $id: 'https://meshproof.dev/schemas/selftest/v1.json', ...z.toJSONSchema(selftestSchema) };
}
