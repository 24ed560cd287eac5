import { z } from 'zod';
import { mostProblems, pathText, quoted, type FieldPath, type Problem } from './invalid-file.ts';
import { nearest } from './nearest.ts';

type Issue = z.core.$ZodIssue;
/** As much of a JSON schema as says which fields there are and what they are for. */
interface Shape {
  description?: string;
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | boolean;
  items?: Shape;
}

/** The first problems that a schema found with a value, and the number of all. */
export interface SchemaProblems {
  problems: Problem[];
  count: number;
}

/**
 * The message for a value that a schema refused: quotes the value, says what it must be, and suggests the nearest field or
 * value. The schema's descriptions say what a missing field is for. Parse with `reportInput`, which keeps the bad values.
 */
export function problemsOf({ issues }: z.ZodError, schema: z.ZodType): SchemaProblems {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
  // Unknown fields come first: a field that is missing because it is misspelt is one problem, not two.
  const unknown = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [];
    const around = pathOf(issue);
    const given = Object.keys(issue.input ?? {});
    return issue.keys.map((key) => ({ key, around, given }));
  });
  const fields = unknown.slice(0, mostProblems).map((one) => unknownField(one, shape));
  const meant = new Set(fields.flatMap(({ meant }) => (meant === undefined ? [] : [pathText(meant)])));
  const others = issues.filter(
    (issue) =>
      issue.code !== 'unrecognized_keys' && !(isMissing(issue) && meant.has(pathText(pathOf(issue)))),
  );
  const wrong = others.slice(0, mostProblems - fields.length).map((issue) => problemOf(issue, shape));
  return {
    problems: [...fields.map(({ problem }) => problem), ...wrong],
    count: unknown.length + others.length,
  };
}

const pathOf = ({ path }: Issue): FieldPath =>
  path.map((part) => (typeof part === 'number' ? part : String(part)));

const isMissing = ({ code, input }: Issue): boolean => code !== 'invalid_key' && input === undefined;

/** An unknown field, and the path of its sibling that was probably meant. */
function unknownField(
  { key, around, given }: { key: string; around: FieldPath; given: readonly string[] },
  shape: Shape,
): { problem: Problem; meant?: FieldPath } {
  const known = Object.keys(shapeAt(shape, around)?.properties ?? {});
  const name = nearest(
    key,
    known.filter((one) => !given.includes(one)),
  );
  const says = `unknown field \`${key.slice(0, 60)}\``;
  const at = { path: [...around, key], atName: true };
  return name === undefined
    ? {
        problem: {
          ...at,
          message: `${says}: remove it; known are ${known.map((one) => `\`${one}\``).join(', ')}`,
        },
      }
    : { problem: { ...at, message: `${says}, did you mean \`${name}\`?` }, meant: [...around, name] };
}

function problemOf(issue: Issue, shape: Shape): Problem {
  const path = pathOf(issue);
  if (issue.code === 'invalid_key')
    return { path, atName: true, message: `the name ${quoted(path.at(-1))} ${issue.issues[0]?.message}` };
  if (isMissing(issue)) {
    const { description } = shapeAt(shape, path) ?? {};
    return {
      path,
      message: `is missing${description === undefined ? '' : `: ${description.replace(/\.$/, '')}`}`,
    };
  }
  const found = issue.input === null ? 'is empty, but' : quoted(issue.input);
  return { path, atName: issue.input === null, message: `${found} ${expectation(issue)}` };
}

const typeNames: Record<string, string> = {
  string: 'text',
  object: 'fields (`name: value`)',
  record: 'fields (`name: value`)',
  array: 'a list (`- …`)',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
};

/** The requirement of a value; a message of the schema's own begins with "must". */
function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') {
    const quotes = issue.expected === 'string' && typeof issue.input === 'number' ? ': put it in quotes' : '';
    return `must be ${typeNames[issue.expected] ?? issue.expected}${quotes}`;
  }
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const meant = typeof issue.input === 'string' ? nearest(issue.input, allowed) : undefined;
    const says = `must be ${allowed.map((one) => `\`${one}\``).join(' or ')}`;
    return meant === undefined ? says : `${says}; did you mean \`${meant}\`?`;
  }
  return issue.message.startsWith('must') ? issue.message : `is not valid: ${issue.message}`;
}

function shapeAt(shape: Shape, path: FieldPath): Shape | undefined {
  let at: Shape | undefined = shape;
  for (const part of path) {
    const extra: Shape | boolean | undefined = at?.additionalProperties;
    const named: Shape | undefined = Object.entries(at?.properties ?? {}).find(
      ([name]) => name === part,
    )?.[1];
    at = typeof part === 'number' ? at?.items : (named ?? (typeof extra === 'object' ? extra : undefined));
  }
  return at;
}
