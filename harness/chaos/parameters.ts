import { z } from 'zod';
import type { MeshFile } from '../config/mesh-file.ts';
import { nearest } from '../config/nearest.ts';
import type { AnyFault, FaultKind } from './fault.ts';

/** Parameters that several faults share. They accept texts as well as values, because a command line gives texts. */
export const parameters = {
  cluster: z.string().describe('The cluster, by its name in the mesh file.'),
  service: z.string().default('catalog').describe("One of meshproof's services."),
  count: z.coerce.number().int().min(1).optional().describe('How many of its pods; all when not given.'),
  percent: z.coerce.number().min(1).max(100).default(100).describe('Of the requests, 1 to 100.'),
};

/** Wrong parameters of a fault. The message names each and quotes its value. */
export class InvalidParameters extends Error {}

/**
 * The parameters of a fault, checked against its schema and against the mesh.
 *
 * @throws InvalidParameters that lists all problems.
 */
export function parametersOf<P extends z.ZodObject>(
  kind: FaultKind<P, never> | AnyFault,
  given: Readonly<Record<string, unknown>>,
  file: Pick<MeshFile, 'clusters' | 'services'>,
): z.output<P> {
  const parsed = (kind.parameters as z.ZodObject).strict().safeParse(given);
  const problems = parsed.success
    ? unknownNames(parsed.data, file)
    : parsed.error.issues.map((issue) => issueText(issue, given));
  if (problems.length > 0)
    throw new InvalidParameters(`${kind.id} does not accept these parameters: ${problems.join('; ')}.`);
  return parsed.data as z.output<P>;
}

function issueText(issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): string {
  const [key] = issue.path;
  if (key === undefined) return issue.message;
  const value = given[String(key)];
  return value === undefined
    ? `${String(key)} is missing`
    : `${String(key)} is ${JSON.stringify(value)}: ${issue.message}`;
}

const nameKeys = { cluster: 'clusters', from: 'clusters', to: 'clusters', service: 'services' } as const;

function unknownNames(
  values: Record<string, unknown>,
  file: Pick<MeshFile, 'clusters' | 'services'>,
): string[] {
  return Object.entries(nameKeys).flatMap(([key, list]) => {
    const value = values[key];
    if (typeof value !== 'string') return [];
    const known = file[list].map(({ name }) => name);
    if (known.includes(value)) return [];
    const meant = nearest(value, known);
    return [
      `${key} is "${value}", which is not in the mesh: it has ${known.join(', ')}${meant ? `; did you mean ${meant}` : ''}`,
    ];
  });
}
