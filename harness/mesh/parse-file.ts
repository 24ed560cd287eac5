import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { InvalidFile, type Problem } from './invalid-file.ts';
import { problemsOf } from './schema-problems.ts';
import { readYaml } from './yaml-source.ts';

export { InvalidFile } from './invalid-file.ts';

/** The largest file that is read, in bytes. A topology of a hundred clusters is far below it. */
export const largestFileBytes = 1024 * 1024;

/** What a kind of file must be, and what to tell those whose file is not. */
export interface FileFormat<S extends z.ZodType> {
  /** The value of its field `kind`. */
  kind: string;
  schema: S;
  /** Problems between fields, of a value that has the shape. */
  check(value: z.infer<S>): Problem[];
  /** Where to get one: the end of "no such file; …". */
  advice: string;
}

/**
 * Parses and checks the text of a YAML file; `file` is its name in messages.
 *
 * @throws InvalidFile with every problem: of syntax, else of shape, else between fields.
 */
export function parseFile<S extends z.ZodType>(
  text: string,
  file: string,
  format: FileFormat<S>,
): z.infer<S> {
  const source = readYaml(text);
  if (source.problems.length > 0) throw new InvalidFile(file, source.problems);
  const { value } = source;
  if (value === null || value === undefined)
    throw new InvalidFile(file, [{ path: '', message: `is empty; ${format.advice}` }]);
  const reject = (problems: readonly Problem[]): never => {
    const placed = problems.map((problem) => source.place(problem));
    placed.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
    throw new InvalidFile(file, placed);
  };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return reject([
      {
        path: [],
        message: `holds ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}, not fields; ${format.advice}`,
      },
    ]);
  }
  const { kind } = value as { kind?: unknown };
  if (typeof kind === 'string' && kind !== format.kind) {
    return reject([
      {
        path: ['kind'],
        message: `${JSON.stringify(kind)} is not ${JSON.stringify(format.kind)}: this is another kind of file; ${format.advice}`,
      },
    ]);
  }
  const result = format.schema.safeParse(value);
  if (!result.success) return reject(problemsOf(result.error, value, format.schema));
  const problems = format.check(result.data);
  return problems.length > 0 ? reject(problems) : result.data;
}

/**
 * Reads a file's text.
 *
 * @throws InvalidFile where it is absent, a directory, no regular file, too large, unreadable, or not UTF-8 text.
 */
export function readText(file: string, advice: string): string {
  const refuse = (message: string, cause?: unknown): never => {
    throw new InvalidFile(file, [{ path: '', message }], { cause });
  };
  let bytes: Buffer;
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) return refuse(`is a directory; ${advice}`);
    // Reading a pipe or a device could wait for ever.
    if (!stats.isFile()) return refuse(`is no regular file; ${advice}`);
    if (stats.size > largestFileBytes)
      return refuse(`has ${stats.size} bytes, more than the ${largestFileBytes} that are read; ${advice}`);
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof InvalidFile) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    return refuse(
      code === 'ENOENT'
        ? `no such file; ${advice}`
        : `cannot be read (${code ?? message}); check its path and permissions`,
      error,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    return refuse(`is not UTF-8 text; ${advice}`, error);
  }
}
