import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import { InvalidFile, mostProblems, type Problem } from './invalid-file.ts';
import { problemsOf, type SchemaProblems } from './schema-problems.ts';
import { readYaml } from './yaml-source.ts';

export { InvalidFile } from './invalid-file.ts';

/** The largest YAML file that is read, in bytes. A topology or mesh file of 100 clusters has some 30 KiB. */
export const largestFileBytes = 1024 * 1024;

/** The requirements of a kind of file, and the advice for a file that does not meet them. */
export interface FileFormat<S extends z.ZodType> {
  /** The value of its field `kind`. */
  kind: string;
  schema: S;
  /** Problems between fields, of a value that has the shape. */
  check(value: z.infer<S>): Problem[];
  /** Tells how to get the file: the end of "no such file; …". */
  advice: string;
}

/**
 * Parses and checks the text of a YAML file; `file` is its name in messages.
 *
 * @throws InvalidFile with the first problems: of syntax, else of shape, else between fields.
 */
export function parseFile<S extends z.ZodType>(
  text: string,
  file: string,
  format: FileFormat<S>,
): z.infer<S> {
  const source = readYaml(text, file);
  const { value } = source;
  if (value === null || value === undefined)
    throw new InvalidFile(file, [{ path: '', message: `is empty; ${format.advice}` }]);
  const reject = ({ problems, count }: SchemaProblems): never => {
    const placed = problems.slice(0, mostProblems).map((problem) => source.place(problem));
    placed.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
    throw new InvalidFile(file, placed, { count });
  };
  const rejectWith = (path: string[], message: string) => reject({ problems: [{ path, message }], count: 1 });
  if (typeof value !== 'object' || Array.isArray(value))
    return rejectWith(
      [],
      `holds ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}, not fields; ${format.advice}`,
    );
  const { kind } = value as { kind?: unknown };
  if (typeof kind === 'string' && kind !== format.kind) {
    const found = JSON.stringify(kind.slice(0, 60));
    return rejectWith(
      ['kind'],
      `${found} is not ${JSON.stringify(format.kind)}: this is another kind of file; ${format.advice}`,
    );
  }
  const result = format.schema.safeParse(value, { reportInput: true });
  if (!result.success) return reject(problemsOf(result.error, format.schema));
  const problems = format.check(result.data);
  return problems.length > 0 ? reject({ problems, count: problems.length }) : result.data;
}

/** Throws InvalidFile if a file is missing, unreadable, a directory or not a regular file. Returns its size in bytes. */
export function checkFile(file: string, advice: string): number {
  const refuse = (message: string, cause?: unknown): never => {
    throw new InvalidFile(file, [{ path: '', message }], { cause });
  };
  try {
    accessSync(file, constants.R_OK);
    const stats = statSync(file);
    if (stats.isDirectory()) return refuse(`is a directory; ${advice}`);
    // Reading a pipe or a device could wait for ever.
    return stats.isFile() ? stats.size : refuse(`is not a regular file; ${advice}`);
  } catch (error) {
    if (error instanceof InvalidFile) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return refuse(`no such file; ${advice}`, error);
    return refuse(`cannot be read (${code ?? message}); check its path and permissions`, error);
  }
}

/** The text of a file's bytes. Throws InvalidFile if it is not UTF-8. */
export function textOf(bytes: Buffer, file: string, advice: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidFile(file, [{ path: '', message: `is not UTF-8 text; ${advice}` }], { cause });
  }
}

/** Reads a file's text. Throws InvalidFile as {@link checkFile} and {@link textOf} do, and for a file that is too large. */
export function readText(file: string, advice: string): string {
  const size = checkFile(file, advice);
  if (size <= largestFileBytes) return textOf(readFileSync(file), file, advice);
  const message = `has ${size} bytes, more than the limit of ${largestFileBytes}; ${advice}`;
  throw new InvalidFile(file, [{ path: '', message }]);
}
