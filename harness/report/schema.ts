import { z } from 'zod';

const verdict = z.enum(['pass', 'fail', 'error', 'skipped']);

/** A number of a judgement; see Measurement in harness/verdict. */
export const measurementSchema = z.strictObject({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
  scope: z.string().optional(),
});

/** The load of an experiment. */
export const loadSchema = z.strictObject({
  ratePerSecond: z.number().nonnegative().describe('Requests due a second.'),
  connections: z.enum(['keep-alive', 'fresh']),
  from: z.enum(['ingress', 'mesh']),
  generator: z.enum(['k6', 'probe']),
});

/** The cause of a broken promise that the doctor found. */
export const causeSchema = z.strictObject({
  code: z.string().min(1).describe('The code of the finding.'),
  cluster: z.string().optional().describe('Absent if the cause is in the whole mesh.'),
  sentence: z.string().min(1),
  remedy: z.string().describe('A command, a manifest, or a sentence.'),
  anchor: z.string().describe('The place in the documentation that explains the finding.'),
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
    .describe('The documentation of the requirement.'),
  disturbs: z
    .enum(['nothing', 'gateway', 'control-plane', 'link', 'cluster'])
    .describe("The part of the mesh that the promise disturbs, except meshproof's own workloads."),
  suite: z.string().describe('Path of the spec file.'),
  verdict,
  reason: z
    .string()
    .describe(
      'One or more lines. For fail: the expected and the observed result. For error and skipped: the reason.',
    ),
  measurements: z.array(measurementSchema),
  judgements: z
    .array(
      z.strictObject({
        scope: z.string().optional().describe('The direction, place or load.'),
        verdict: z.enum(['pass', 'fail', 'error']),
        reason: z.string(),
      }),
    )
    .optional()
    .describe('The judgements of the suite, in its order. The verdict of the promise is the worst of them.'),
  machineBusy: z
    .literal(true)
    .optional()
    .describe('The only reason of an error: this machine was too busy to run the mesh or its load.'),
  firstTry: z
    .strictObject({ reason: z.string(), startedAt: z.iso.datetime(), durationMs: z.number().nonnegative() })
    .optional()
    .describe('The first try, which this machine was too busy for. The promise was then tried again, alone.'),
  startedAt: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  waitingMs: z.number().nonnegative().describe('The part of durationMs that was spent waiting for the mesh.'),
  experiments: z
    .array(
      z.strictObject({
        scope: z.string(),
        file: z
          .string()
          .describe('Path in the run folder. The file has the requests over time, events and bands.'),
        startedAt: z.iso.datetime(),
        phase: z.string().optional().describe('The part of the promise, if it injects several faults.'),
        load: loadSchema,
        numbers: z.array(measurementSchema),
      }),
    )
    .optional()
    .describe('The recordings under load, one for each path.'),
  missingExperiments: z
    .array(z.string())
    .optional()
    .describe('The reasons why recorded experiments are missing, one sentence each.'),
  doctorSilent: z
    .literal(true)
    .optional()
    .describe('The promise is broken, it does not inject a fault, and the doctor did not find a cause.'),
  cause: causeSchema
    .optional()
    .describe('The first cause that the doctor found, if the promise is not kept.'),
});

/** The cost of a fault for the users of one path. */
const pathImpactSchema = z.strictObject({
  scope: z.string().describe('The path and its load.'),
  requestsLost: z.number().nullable().describe('Requests that failed or were too slow; null: not recorded.'),
  requestsSent: z
    .number()
    .nullable()
    .describe('Requests from the begin of the fault to the end of the load; null: not recorded.'),
  longestOutageMs: z.number().nullable().describe('null: not recorded.'),
  outageMs: z.number().nullable().describe('All outages together; null: not recorded.'),
  recovered: z.boolean().describe('false: the last outage lasted to the end of the load.'),
  afterFaultMs: z.number().optional().describe('Time to recover, from the begin of the fault.'),
  afterHealingMs: z.number().optional().describe('Time to recover, from the end of the fault.'),
  allowed: z
    .strictObject({
      requests: z.number().optional(),
      outageMs: z.number().optional().describe('For all outages together.'),
      recoveryMs: z.number().optional(),
    })
    .describe(
      'The most that the promise allows. A bound is absent if the promise does not limit that number.',
    ),
});

/** The cost of a fault for users. */
const faultImpactSchema = z.strictObject({
  promise: z.string().describe('Id of the promise that injected the fault.'),
  phase: z.string().optional().describe('The part of the promise, if it injects several faults.'),
  verdict: z.enum(['pass', 'fail', 'error']),
  reason: z.string().optional().describe('Why the promise is broken, or why the fault could not be judged.'),
  paths: z.int().describe('Paths under load during the fault.'),
  judgedPaths: z.int(),
  worst: pathImpactSchema.nullable().describe('The worst path; null: not judged, or without numbers.'),
});

/** The parts of the judged mesh that the report shows. */
export const meshSchema = z.strictObject({
  meshId: z.string(),
  trustDomain: z.string(),
  lab: z.string().nullable().describe('Name of the lab, or null if meshproof did not create the mesh.'),
  images: z.enum(['registry', 'packages']).nullable().describe('The source of the images of the lab.'),
  link: z
    .array(z.strictObject({ port: z.int(), purpose: z.enum(['data', 'discovery']) }))
    .describe('The ports that the wide-area link of a lab forwards.'),
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
    .describe(
      'fail if a promise failed, else error if a promise could not be judged or if nothing was judged, else pass.',
    ),
  reason: z.string().describe('The reason of the verdict; for error, why the mesh could not be judged.'),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  command: z.string().describe('The command that reproduces the run.'),
  machine: z.strictObject({ cpus: z.int(), memoryBytes: z.int(), os: z.string(), node: z.string() }),
  versions: z
    .record(z.string(), z.string())
    .describe('meshproof, istio (per cluster), kubernetes, envoy, ...'),
  mesh: meshSchema.nullable().describe('null if the run did not have a readable mesh file.'),
  harness: z.strictObject({
    durationMs: z.number().describe('The whole run.'),
    waitingMs: z
      .number()
      .describe(
        'The part of durationMs that was spent waiting for the mesh: convergence, pods, requests, declared delays.',
      ),
    peakMemoryBytes: z
      .int()
      .nullable()
      .describe(
        'The peak memory of the test runner, its workers and their processes (RssAnon and RssShmem of Linux, without pages of files).',
      ),
  }),
  faults: z
    .array(faultImpactSchema)
    .optional()
    .describe('What users noticed of each fault, worst first. Absent in reports of older versions.'),
  promises: z.array(promiseSchema),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportPromise = Report['promises'][number];
export type ReportExperiment = NonNullable<ReportPromise['experiments']>[number];
export type FaultImpact = z.infer<typeof faultImpactSchema>;
export type PathImpact = z.infer<typeof pathImpactSchema>;
export type Cause = z.infer<typeof causeSchema>;
export type ReportMesh = z.infer<typeof meshSchema>;

/** The JSON Schema (draft 2020-12) of report.json. */
export function reportJsonSchema() {
  return { $id: 'https://meshproof.dev/schemas/report/v1.json', ...z.toJSONSchema(reportSchema) };
}
