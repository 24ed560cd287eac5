import { z } from 'zod';

const verdict = z.enum(['pass', 'fail', 'error', 'skipped']);

/** One number behind a verdict; see Measurement in harness/verdict. */
export const measurementSchema = z.strictObject({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
  scope: z.string().optional(),
});

/** The load under which an experiment was made. */
export const loadSchema = z.strictObject({
  ratePerSecond: z.number().nonnegative().describe('Requests due a second, whatever becomes of them.'),
  connections: z.enum(['keep-alive', 'fresh']),
  from: z.enum(['ingress', 'mesh']),
  generator: z.enum(['k6', 'probe']),
});

/** Why a promise is broken, as the doctor sees it. */
export const causeSchema = z.strictObject({
  code: z.string().min(1).describe('The code of the finding.'),
  cluster: z.string().optional().describe('Absent where it concerns the mesh as a whole.'),
  sentence: z.string().min(1),
  remedy: z.string().describe('A command, a manifest, or a sentence.'),
  anchor: z.string().describe('Where the documentation explains the finding.'),
});

/** One promise of a report. */
export const promiseSchema = z.strictObject({
  id: z.string().regex(/^[A-Z]{3}-\d{2}$/),
  title: z.string().describe('The promise, one sentence.'),
  topic: z
    .string()
    .describe('connectivity, discovery, balancing, locality, gateways, security, authorization.'),
  level: z.enum(['core', 'extended']),
  references: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .describe('The documentation that the requirement comes from.'),
  disturbs: z
    .enum(['nothing', 'gateway', 'control-plane', 'link', 'cluster'])
    .describe("What proving it disturbs beyond meshproof's own workloads."),
  suite: z.string().describe('Path of the spec file.'),
  verdict,
  reason: z
    .string()
    .describe(
      'One or more sentences, one a line; for fail what was expected and seen, for error and skipped why.',
    ),
  measurements: z.array(measurementSchema),
  startedAt: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  waitingMs: z.number().nonnegative().describe('Of durationMs, the time spent waiting for the mesh.'),
  experiments: z
    .array(
      z.strictObject({
        scope: z.string(),
        file: z.string().describe('Path in the run folder: requests over time, events and bands.'),
        startedAt: z.iso.datetime(),
        load: loadSchema,
        numbers: z.array(measurementSchema),
      }),
    )
    .optional()
    .describe('What was recorded under load, one a direction.'),
  missingExperiments: z
    .array(z.string())
    .optional()
    .describe('Why an experiment that was recorded is not here, one sentence each.'),
  cause: causeSchema.optional().describe('What the doctor found first, where the promise is not kept.'),
});

/** The mesh that was judged, as far as the report draws it. */
export const meshSchema = z.strictObject({
  meshId: z.string(),
  trustDomain: z.string(),
  lab: z.string().nullable().describe('Name of the lab, or null for a mesh that meshproof did not make.'),
  images: z.enum(['registry', 'packages']).nullable().describe('Where the images of the lab came from.'),
  link: z
    .array(z.strictObject({ port: z.int(), purpose: z.enum(['data', 'discovery']) }))
    .describe('What the wide-area link of a lab forwards.'),
  clusters: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(['primary', 'remote', 'external']),
      network: z.string(),
      region: z.string(),
      zone: z.string(),
      ingress: z.string().nullable(),
      eastWestGateway: z.string().nullable().describe('address:port'),
    }),
  ),
  services: z.array(z.strictObject({ name: z.string(), pods: z.record(z.string(), z.int()) })),
});

/** The shape of results/<run>/report.json. */
export const reportSchema = z.strictObject({
  schema: z.literal('meshproof.dev/report/v1'),
  run: z.string().describe('Name of the run folder.'),
  verdict: z
    .enum(['pass', 'fail', 'error'])
    .describe('fail if any promise failed, else error if any could not be judged or none was, else pass.'),
  reason: z.string().describe('One sentence on the verdict; for error, why the mesh could not be judged.'),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  command: z.string().describe('The command that reproduces the run.'),
  machine: z.strictObject({ cpus: z.int(), memoryBytes: z.int(), os: z.string(), node: z.string() }),
  versions: z
    .record(z.string(), z.string())
    .describe('meshproof, istio (per cluster), kubernetes, envoy, ...'),
  mesh: meshSchema.nullable().describe('null where the run could not tell.'),
  harness: z.strictObject({
    durationMs: z.number().describe('The whole run.'),
    waitingMs: z
      .number()
      .describe('Of it, the time spent waiting for the mesh: convergence, pods, requests, declared delays.'),
    peakMemoryBytes: z
      .int()
      .nullable()
      .describe(
        'Most memory at one time of the test runner, its workers and what they start: what they keep for themselves (RssAnon and RssShmem of Linux), without pages of files.',
      ),
  }),
  promises: z.array(promiseSchema),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportPromise = Report['promises'][number];
export type ReportExperiment = NonNullable<ReportPromise['experiments']>[number];
export type Cause = z.infer<typeof causeSchema>;
export type ReportMesh = z.infer<typeof meshSchema>;

/** The JSON Schema (draft 2020-12) of report.json. */
export function reportJsonSchema() {
  return { $id: 'https://meshproof.dev/schemas/report/v1.json', ...z.toJSONSchema(reportSchema) };
}
