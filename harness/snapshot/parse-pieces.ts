import { z } from 'zod';
import { mostProblems } from '../config/invalid-file.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

/** The most values of a piece that is given to the schema at once. */
const largestPiece = 1_000;

/**
 * Parses a large value as its schema does, piece by piece, and stops after the first problems (`complete` is false then): a schema alone would collect
 * one for each of millions of values. Lists of `value` are replaced in place, which halves the memory that is needed.
 */
export function parsePieces<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { data: z.infer<S> } | { error: z.ZodError; complete: boolean } {
  const issues: Issue[] = [];
  const data = parsePiece(schema, value, [], issues) as z.infer<S>;
  return issues.length === 0
    ? { data }
    : { error: new z.ZodError(issues), complete: issues.length <= mostProblems };
}

function parsePiece(schema: z.core.$ZodType, value: unknown, path: Path, issues: Issue[]): unknown {
  if (issues.length > mostProblems) return undefined;
  const inner = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? schema.unwrap() : schema;
  if (isLarge(value)) {
    const parse = (part: z.core.$ZodType, key: string | number) =>
      parsePiece(part, (value as Record<string | number, unknown>)[key], [...path, key], issues);
    if (inner instanceof z.ZodArray && Array.isArray(value)) {
      for (const i of value.keys()) value[i] = parse(inner.element, i);
      return value;
    }
    const fields: Record<string, z.core.$ZodType> | undefined =
      inner instanceof z.ZodObject ? inner.shape : undefined;
    if (fields && !Array.isArray(value))
      return Object.fromEntries(
        Object.entries(fields).flatMap(([key, field]) => {
          const parsed = parse(field, key);
          return parsed === undefined ? [] : [[key, parsed]];
        }),
      );
    if (inner instanceof z.ZodRecord && !Array.isArray(value)) {
      const { valueType } = inner;
      return Object.fromEntries(Object.keys(value).map((key) => [key, parse(valueType, key)]));
    }
  }
  const result = z.safeParse(schema, value, { reportInput: true });
  if (result.success) return result.data;
  for (const issue of result.error.issues) issues.push({ ...issue, path: [...path, ...issue.path] });
  return undefined;
}

/** Whether a value holds more values than a piece may. */
function isLarge(value: unknown): value is object {
  let left = largestPiece;
  const count = (one: unknown): boolean => {
    if (--left < 0) return true;
    if (typeof one !== 'object' || one === null) return false;
    if (Array.isArray(one)) return one.length > left || one.some(count);
    for (const key in one) if (count((one as Record<string, unknown>)[key])) return true;
    return false;
  };
  return count(value);
}
