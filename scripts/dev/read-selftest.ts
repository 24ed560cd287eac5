import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { checkFile, InvalidFile } from '../../harness/config/parse-file.ts';
import { selftestSchema, type Selftest } from '../../harness/selftest/report/schema.ts';

const advice = 'give the selftest.json of a run, such as results/latest/selftest.json.';

/** Reads results/<run>/selftest.json. @throws InvalidFile if the file is not a self-test. */
export function readSelftest(file: string): Selftest {
  checkFile(file, advice);
  try {
    return selftestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    const message = `is not a selftest.json of this meshproof: ${why.slice(0, 2000)}; ${advice}`;
    throw new InvalidFile(file, [{ path: '', message }], { cause });
  }
}
