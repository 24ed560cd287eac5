import { z } from 'zod';

/** The families of checks, in the order in which causes are looked for; the first digit of a code is its place here. */
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

/** `error`: something that the mesh promises does not work. `warning`: it works today, or in part. `info`: worth knowing. */
export const severities = ['error', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

const evidence = z.strictObject({
  what: z.string().describe('What was looked at.'),
  seen: z.union([z.string(), z.number()]).describe('What it was: a number, or a word of a short difference.'),
  expected: z
    .union([z.string(), z.number()])
    .optional()
    .describe('What it should have been, where that is known.'),
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
    .describe('Where the object stands, or from where it was seen; absent: the mesh as a whole.'),
  peer: z.string().optional().describe('The other cluster that it concerns.'),
  object: z.string().optional().describe('Kind namespace/name, or Kind name.'),
  evidence: z.array(evidence),
  cause: z.string().describe('One sentence.'),
  remedy: z.string().describe('A command, or a manifest.'),
  anchor: z.string().describe('The section of the documentation of findings.'),
  reference: z.string().describe('The page that the requirement comes from.'),
});

const unknownPart = z.strictObject({
  cluster: z.string(),
  what: z.string().describe('What the snapshot lacks.'),
  why: z.string().describe('What came back when it was asked for.'),
  right: z
    .string()
    .optional()
    .describe('The right that the account needs; present if the part was forbidden.'),
  checks: z.array(z.string()).describe('Codes that could not be judged, or only in part.'),
});

/** What was concluded from one snapshot. */
export const diagnosisSchema = z.strictObject({
  apiVersion: z.literal('meshproof.dev/v1'),
  kind: z.literal('Diagnosis'),
  takenAt: z.string().describe('When the snapshot was taken.'),
  clusters: z.array(z.string()),
  checks: z.int().describe('How many checks were asked.'),
  counts: z.strictObject({ error: z.int(), warning: z.int(), info: z.int() }).describe('Causes by severity.'),
  causes: z
    .array(z.strictObject({ finding, symptoms: z.array(finding) }))
    .describe('The gravest first, each with what it explains.'),
  elided: z
    .array(z.strictObject({ code: z.string(), more: z.int() }))
    .describe('Findings beyond the most that one code may have.'),
  unknown: z.array(unknownPart),
});

/** One thing that is wrong, where, why, and what to do. */
export type Finding = z.infer<typeof finding>;
export type Evidence = z.infer<typeof evidence>;
export type Diagnosis = z.infer<typeof diagnosisSchema>;
export type Cause = Diagnosis['causes'][number];
export type UnknownPart = Diagnosis['unknown'][number];

/** The JSON schema (draft 2020-12) of what `meshproof doctor --json` prints. */
export function diagnosisJsonSchema(): object {
  return { title: 'meshproof diagnosis', ...z.toJSONSchema(diagnosisSchema) };
}
