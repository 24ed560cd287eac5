import { z } from 'zod';
import { families, severities } from '../../doctor/finding.ts';
import { reportSchema } from '../../report/schema.ts';

const { command, startedAt, finishedAt, machine, versions, mesh } = reportSchema.shape;
const promiseId = z.string().regex(/^[A-Z]{3}-\d{2}$/);
const seconds = z.number().nonnegative();

/** One cause of a diagnosis, as far as a self-test tells it. */
const causeSchema = z.strictObject({
  code: z.string(),
  severity: z.enum(severities),
  cluster: z.string().optional(),
  peer: z.string().optional(),
  object: z.string().optional(),
  sentence: z.string(),
  explains: z.array(z.string()).describe('Codes of the findings that stand under it, each once.'),
});

/** What became of a promise that was tried. */
const triedSchema = z.strictObject({
  id: promiseId,
  verdict: z.enum(['pass', 'fail', 'error', 'skipped']),
  reason: z.string(),
});

/** What became of a promise that a defect has to break. */
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

/** What istioctl says on a mesh with a defect, compared with the healthy mesh. */
const istioctlSchema = askedSchema.extend({
  says: z.array(z.string()).describe('Lines that it does not say of the healthy mesh.'),
  saysNoMore: z.array(z.string()).describe('Lines that it says of the healthy mesh each time, and not now.'),
  seconds,
});

const rowSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  family: z.enum(families),
  cause: z.string().describe('Why it is wrong, and how it comes about.'),
  silent: z.boolean().describe('Traffic still works today.'),
  expected: z.strictObject({
    findings: z.array(z.string()).min(1),
    where: z
      .strictObject({ cluster: z.string().optional(), peer: z.string().optional() })
      .optional()
      .describe('Where the finding has to be; absent: anywhere.'),
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
      evidence: z.string().describe('How it is known that it took effect.'),
    }),
  ),
  causes: z
    .array(causeSchema)
    .nullable()
    .describe('What the doctor says, the gravest first; null: not asked.'),
  promises: z.array(promiseSchema),
  istioctl: z.array(istioctlSchema).nullable().describe('null: not asked.'),
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
      'error when it ended early; else fail if a defect is not named or a promise is kept that it has to break; else error if anything could not be judged; else pass.',
    ),
  reason: z.string(),
  finished: z.boolean().describe('Every chosen defect was tried.'),
  ...{ startedAt, finishedAt, command, machine, versions, mesh },
  defects: z.int().describe('How many were chosen.'),
  healthy: z
    .strictObject({
      promises: z.array(triedSchema).describe('The listed promises, tried before anything was broken.'),
      istioctl: z
        .array(askedSchema.extend({ rounds: z.int(), lines: z.array(z.string()) }))
        .nullable()
        .describe('What istioctl says of the healthy mesh in any round; null: not asked.'),
      seconds,
    })
    .describe('The mesh before anything was broken.'),
  rows: z.array(rowSchema),
});

/** What a self-test recorded and judged. */
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
