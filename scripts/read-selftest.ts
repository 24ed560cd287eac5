import { readFileSync } from 'node:fs';
import { InvalidFile } from '../harness/mesh/invalid-file.ts';
import { selftestSchema, type Selftest } from '../harness/report/selftest/schema.ts';

/**
 * Reads results/<run>/selftest.json.
 *
 * @throws InvalidFile that names the first fields that are wrong.
 */
export function readSelftest(file: string): Selftest {
  const refuse = (message: string, cause?: unknown): never => {
    throw new InvalidFile(file, [{ path: '', message }], { cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return refuse(
      `cannot be read as JSON (${(error as Error).message.slice(0, 120)}); run \`meshproof selftest\``,
      error,
    );
  }
  const { success, data, error } = selftestSchema.safeParse(value);
  if (success) return data;
  const problems = error.issues.slice(0, 5).map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new InvalidFile(file, problems, { cause: error });
}
