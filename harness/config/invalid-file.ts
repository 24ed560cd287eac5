/** The place of a value in a file: field names and list indexes from the top. */
export type FieldPath = readonly (string | number)[];

/** Something that is wrong in a file. */
export interface Problem {
  path: FieldPath;
  /** The problem and the remedy; starts in lower case, as it follows the path. A function if the wording takes long. */
  message: string | (() => string);
  /** Points at the field's name instead of its value. */
  atName?: boolean;
  /** Another place that the message refers to; "(first at line 9)" is added for it. */
  first?: FieldPath;
}

/** A problem with its place: 1-based line and column, absent if the file could not be read at all. */
export interface PlacedProblem {
  path: string;
  message: string;
  line?: number;
  column?: number;
}

/** The most problems of one file that are reported. */
export const mostProblems = 20;

/**
 * A file that cannot be used, because of what is in it or because it cannot be read. The message lists its problems,
 * one a line: `west-east.yaml:12:5 clusters[1].name: "west" is used twice (first at line 9)`.
 */
export class InvalidFile extends Error {
  override readonly name = 'InvalidFile';
  readonly file: string;
  readonly problems: readonly PlacedProblem[];

  /** `count` is the number of all problems, if `problems` is only the first of them; Infinity if it is unknown. */
  constructor(
    file: string,
    problems: readonly PlacedProblem[],
    { count = problems.length, ...options }: { count?: number; cause?: unknown } = {},
  ) {
    const lines = problems.slice(0, mostProblems).map((problem) => lineOf(file, problem));
    if (count > lines.length)
      lines.push(count === Infinity ? 'and more' : `and ${count - lines.length} more`);
    super(lines.join('\n'), options);
    this.file = file;
    this.problems = problems;
  }
}

function lineOf(file: string, { path, message, line, column }: PlacedProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  if (path !== '') return `${place} ${path}: ${message}`;
  return line === undefined ? `${place}: ${message}` : `${place} ${message}`;
}

/** A path as it is printed: `clusters[1].name`. */
export function pathText(path: FieldPath): string {
  return path
    .map((part, i) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[\w-]{1,60}$/.test(part)) return `[${quoted(part)}]`;
      return i === 0 ? part : `.${part}`;
    })
    .join('');
}

/** A value as it is quoted in a message: JSON, cut to 60 characters. A list or object is not written out. */
export function quoted(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const size = Object.keys(value).length;
    if (size > 0) return Array.isArray(value) ? `a list of ${size}` : `an object of ${size}`;
  }
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, 60) : value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
