/** Where a value is in a file: field names and list indexes from the top. */
export type FieldPath = readonly (string | number)[];

/** Something that is wrong in a file. */
export interface Problem {
  path: FieldPath;
  /** What is wrong and what to do about it; starts in lower case, as it follows the path. */
  message: string;
  /** Points at the field's name instead of its value. */
  atName?: boolean;
  /** Another place that the message refers to; "(first at line 9)" is added for it. */
  first?: FieldPath;
}

/** A problem with its place: 1-based line and column, absent where the file could not be read at all. */
export interface PlacedProblem {
  path: string;
  message: string;
  line?: number;
  column?: number;
}

const mostShown = 30;

/**
 * A file that cannot be used, because of what is in it or because it cannot be read. The message lists every problem,
 * one a line: `west-east.yaml:12:5 clusters[1].name: "west" is used twice (first at line 9)`.
 */
export class InvalidFile extends Error {
  override readonly name = 'InvalidFile';
  readonly file: string;
  readonly problems: readonly PlacedProblem[];

  constructor(file: string, problems: readonly PlacedProblem[], options?: { cause?: unknown }) {
    const lines = problems.slice(0, mostShown).map((problem) => lineOf(file, problem));
    if (problems.length > mostShown) lines.push(`and ${problems.length - mostShown} more`);
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
      if (!/^[\w-]+$/.test(part)) return `[${JSON.stringify(part)}]`;
      return i === 0 ? part : `.${part}`;
    })
    .join('');
}

/** A value as it is quoted in a message, cut to a readable length. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
