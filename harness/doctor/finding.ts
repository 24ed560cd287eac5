import { z } from 'zod';

/** The families of checks, in the order of causes. The first digit of a code is the position of its family. */
export const families = [
  'trust and identity',
  'discovery',
  'network and gateways',
  'locality and failover',
  'policy',
  'workloads and services',
  'versions and clocks',
] as const;
export type Family = (typeof families)[number];

/** `error`: a promise of the mesh does not hold. `warning`: the mesh works today, or in part. `info`: worth knowing. */
export const severities = ['error', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

const evidence = z.strictObject({
  what: z.string().describe('The observed property.'),
  seen: z.union([z.string(), z.number()]).describe('The observed value.'),
  expected: z.union([z.string(), z.number()]).optional().describe('The expected value, if it is known.'),
});

const finding = z.strictObject({
  code: z
    .string()
    .regex(/^MP[1-7]\d{3}$/)
    .describe('Stable; the first digit is the family.'),
  title: z.string(),
  family: z.enum(families),
  severity: z.enum(severities),
  cluster: z
    .string()
    .optional()
    .describe('The cluster of the object, or of the observer; absent: the whole mesh.'),
  peer: z.string().optional().describe('The other cluster that is affected.'),
  object: z.string().optional().describe('Kind namespace/name, or Kind name.'),
  evidence: z.array(evidence),
  cause: z.string().describe('One sentence.'),
  remedy: z.string().describe('A command, or a manifest.'),
  anchor: z.string().describe('The section of the documentation of findings.'),
  reference: z.string().describe('The page that the requirement comes from.'),
});

const unknownPart = z.strictObject({
  cluster: z.string(),
  what: z.string().describe('The missing part of the snapshot.'),
  why: z.string().describe('The answer to the request for it.'),
  right: z
    .string()
    .optional()
    .describe('The right that the account needs; present if the part was forbidden.'),
  checks: z.array(z.string()).describe('Codes that could not be judged, or only in part.'),
});

/** The result of judging one snapshot. */
export const diagnosisSchema = z.strictObject({
  apiVersion: z.literal('meshproof.dev/v1'),
  kind: z.literal('Diagnosis'),
  takenAt: z.string().describe('When the snapshot was taken.'),
  clusters: z.array(z.string()),
  checks: z.int().describe('The number of checks.'),
  counts: z.strictObject({ error: z.int(), warning: z.int(), info: z.int() }).describe('Causes by severity.'),
  causes: z
    .array(z.strictObject({ finding, symptoms: z.array(finding) }))
    .describe('The gravest first, each with the findings that it explains.'),
  elided: z
    .array(z.strictObject({ code: z.string(), more: z.int() }))
    .describe('The number of further findings, by code: a code has at most 100.'),
  unknown: z.array(unknownPart),
});

export type Finding = z.infer<typeof finding>;
export type Evidence = z.infer<typeof evidence>;
export type Diagnosis = z.infer<typeof diagnosisSchema>;
export type Cause = Diagnosis['causes'][number];
export type UnknownPart = Diagnosis['unknown'][number];

/** The JSON schema (draft 2020-12) of the output of `meshproof doctor --json`. */
export function diagnosisJsonSchema(): object {
  return { title: 'meshproof diagnosis', ...z.toJSONSchema(diagnosisSchema) };
}
