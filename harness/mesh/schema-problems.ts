import { z } from 'zod';
import { pathText, quoted, type Problem } from './invalid-file.ts';
import { nearest } from './nearest.ts';

type Issue = z.core.$ZodIssue;
/** As much of a JSON schema as says which fields there are and what they are for. */
interface Shape {
  type?: string;
  description?: string;
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | boolean;
  items?: Shape;
}

/** What a value must be where a pattern alone would not help. */
const formats: Record<string, string> = {
  cidrv4: 'an IPv4 subnet such as 172.30.0.0/24',
  url: 'a URL such as http://172.30.0.2',
};

/**
 * Words what a schema found wrong with a value: quotes it, says what it must be, and suggests the nearest field or
 * value where one was misspelt. What a field is for is taken from the schema's descriptions.
 */
export function problemsOf(error: z.ZodError, value: unknown, schema: z.ZodType): Problem[] {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
  const problems = error.issues.flatMap((issue) => problemsOfIssue(issue, value, shape));
  // A misspelt field is one problem, not two.
  const meant = new Set(
    problems.flatMap(({ path, meant: name }) =>
      name === undefined ? [] : [pathText([...path.slice(0, -1), name])],
    ),
  );
  return problems
    .filter(({ path, missing }) => !missing || !meant.has(pathText(path)))
    .map(({ meant: _meant, missing: _missing, ...problem }) => problem);
}

interface ShapeProblem extends Problem {
  /** The field is absent. */
  missing?: boolean;
  /** The field beside it that this one was meant to be. */
  meant?: string;
}

function problemsOfIssue(issue: Issue, value: unknown, shape: Shape): ShapeProblem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const here = shapeAt(shape, path);
  const found = valueAt(value, path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownField(key, path, here, found));
  if (issue.code === 'invalid_key') {
    const key = path.at(-1) ?? '';
    return [
      {
        path,
        atName: true,
        message: `the name ${quoted(key)} ${expectation(issue.issues[0] ?? issue, key)}`,
      },
    ];
  }
  if (found === undefined) {
    const purpose = here?.description === undefined ? '' : `: ${here.description.replace(/\.$/, '')}`;
    return [{ path, message: `is missing${purpose}`, missing: true }];
  }
  return [
    { path, message: `${found === null ? 'is empty, but' : quoted(found)} ${expectation(issue, found)}` },
  ];
}

/** Shown at its own name, though the schema finds it in the object around it. */
function unknownField(
  key: string,
  around: readonly (string | number)[],
  shape: Shape | undefined,
  value: unknown,
): ShapeProblem {
  const known = Object.keys(shape?.properties ?? {});
  const present = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const meant = nearest(
    key,
    known.filter((name) => !present.includes(name)),
  );
  const path = [...around, key];
  if (meant !== undefined)
    return { path, atName: true, meant, message: `unknown field \`${key}\`, did you mean \`${meant}\`?` };
  const hint = known.length > 0 ? `; known are ${known.map((name) => `\`${name}\``).join(', ')}` : '';
  return { path, atName: true, message: `unknown field \`${key}\`: remove it${hint}` };
}

/** What a value must be, to follow the quoted value: `must be at least 1`. */
function expectation(issue: Issue | z.core.$ZodIssueBase, found: unknown): string {
  const known = issue as Issue;
  switch (known.code) {
    case 'invalid_value': {
      const allowed = known.values.map(String);
      const meant = typeof found === 'string' ? nearest(found, allowed) : undefined;
      return `must be ${oneOf(allowed)}${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`;
    }
    case 'invalid_type':
      return `must be ${typeName(known.expected, found)}`;
    case 'invalid_format':
      return known.format === 'regex'
        ? known.message
        : `must be ${formats[known.format] ?? `a valid ${known.format}`}`;
    case 'too_small':
      return limit('at least', known.origin, known.minimum);
    case 'too_big':
      return limit('at most', known.origin, known.maximum);
    case 'invalid_union':
      return known.errors
        .flatMap((issues) => issues.slice(0, 1).map((one) => expectation(one, found)))
        .join(' or ')
        .replaceAll(' or must be', ' or');
    default:
      return known.message;
  }
}

function limit(bound: string, origin: string, n: number | bigint): string {
  const nouns: Record<string, string> = { string: 'character', array: 'list item', record: 'field' };
  const noun = nouns[origin];
  return noun === undefined
    ? `must be ${bound} ${n}`
    : `must have ${bound} ${n} ${noun}${Number(n) === 1 ? '' : 's'}`;
}

function oneOf(values: readonly string[]): string {
  const all = values.map((value) => `\`${value}\``);
  return all.length <= 1 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}

function typeName(type: string, found: unknown): string {
  if (type === 'string') return typeof found === 'number' ? 'text: put it in quotes' : 'text';
  const names: Record<string, string> = {
    object: 'fields (`name: value`)',
    record: 'fields (`name: value`)',
    array: 'a list (`- …`)',
    number: 'a number',
    int: 'a whole number',
    boolean: '`true` or `false`',
  };
  return names[type] ?? type;
}

function shapeAt(shape: Shape, path: readonly (string | number)[]): Shape | undefined {
  let at: Shape | undefined = shape;
  for (const part of path) {
    if (at === undefined) return undefined;
    const extra: Shape | undefined =
      typeof at.additionalProperties === 'object' ? at.additionalProperties : undefined;
    const properties: Record<string, Shape> = at.properties ?? {};
    at = typeof part === 'number' ? at.items : Object.hasOwn(properties, part) ? properties[part] : extra;
  }
  return at;
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}
