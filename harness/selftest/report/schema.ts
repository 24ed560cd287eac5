import { z } from 'zod';
import { families, severities } from '../../doctor/finding.ts';
import { reportSchema } from '../../report/schema.ts';

const { command, startedAt, finishedAt, machine, versions, mesh } = reportSchema.shape;
const promiseId = z.string().regex(/^[A-Z]{3}-\d{2}$/);
const seconds = z.number().nonnegative();

/** The parts of a cause that a self-test reports. */
const causeSchema = z.strictObject({
  code: z.string(),
  severity: z.enum(severities),
  cluster: z.string().optional(),
  peer: z.string().optional(),
  object: z.string().optional(),
  sentence: z.string(),
  explains: z.array(z.string()).describe('Codes of the findings that it explains, without repeats.'),
});

/** The result of a promise. */
const triedSchema = z.strictObject({
  id: promiseId,
  verdict: z.enum(['pass', 'fail', 'error', 'skipped']),
  reason: z.string(),
});

/** The result of a promise that a defect has to break. */
const promiseSchema = z.strictObject({
  id: promiseId,
  outcome: z
    .enum(['broken', 'kept', 'notJudged', 'uncounted'])
    .describe('broken: as expected. uncounted: it was not kept on the healthy mesh, so it does not count.'),
  reason: z.string(),
});

const askedSchema = z.strictObject({
  command: z.string().describe('Without the name of the tool, kubeconfig and context.'),
  cluster: z.string(),
});

/** The output of istioctl for a mesh with a defect, compared with the healthy mesh. */
const istioctlSchema = askedSchema.extend({
  says: z.array(z.string()).describe('Lines that it does not print for the healthy mesh.'),
  saysNoMore: z.array(z.string()).describe('Lines that it always prints for the healthy mesh, and not now.'),
  seconds,
});

const rowSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  family: z.enum(families),
  cause: z.string().describe('Why it is a defect, and how it happens.'),
  silent: z.boolean().describe('Traffic still works.'),
  expected: z.strictObject({
    findings: z.array(z.string()).min(1),
    where: z
      .strictObject({ cluster: z.string().optional(), peer: z.string().optional() })
      .optional()
      .describe('The expected place of the finding; absent: anywhere.'),
    promises: z.array(promiseId),
  }),
  verdict: z
    .enum(['named', 'symptom', 'missed', 'error', 'skipped'])
    .describe(
      'named: the first cause is the defect, in its place. symptom: the doctor has a finding, but its first cause is not the defect. missed: nothing above info.',
    ),
  reason: z.string(),
  breakages: z.array(
    z.strictObject({
      fault: z.string(),
      parameters: z.record(z.string(), z.unknown()),
      evidence: z.string().describe('The proof of its effect.'),
    }),
  ),
  causes: z
    .array(causeSchema)
    .nullable()
    .describe('The causes that the doctor found, in order of severity; null: the doctor did not run.'),
  promises: z.array(promiseSchema),
  istioctl: z.array(istioctlSchema).nullable().describe('null: istioctl did not run.'),
  seconds: z.strictObject({
    breaking: seconds.describe('From the first change to the last proof.'),
    settling: seconds,
    doctor: seconds,
    istioctl: seconds,
    promises: seconds,
    healing: seconds,
    healthy: seconds.describe('From healed to healthy.'),
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
      'error if it ended early; else fail if a defect is not named or a promise is kept that it has to break; else error if something could not be judged; else pass.',
    ),
  reason: z.string(),
  finished: z.boolean().describe('Whether every chosen defect was tried.'),
  startedAt,
  finishedAt,
  command,
  machine,
  versions,
  mesh,
  defects: z.int().describe('The number of chosen defects.'),
  healthy: z
    .strictObject({
      promises: z.array(triedSchema).describe('The listed promises, tried before the first defect.'),
      istioctl: z
        .array(askedSchema.extend({ rounds: z.int(), lines: z.array(z.string()) }))
        .nullable()
        .describe('The output of istioctl for the healthy mesh in all runs; null: istioctl did not run.'),
      seconds,
    })
    .describe('The mesh before the first defect.'),
  rows: z.array(rowSchema),
});

/** The results of a self-test. */
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
