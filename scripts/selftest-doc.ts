/**
 * Writes docs/selftest.md from a whole self-test: `selftest-doc.ts [results/<run>/selftest.json]` (default: the newest one in
 * results/). A self-test that ended early, or that did not try every defect of meshproof, is refused.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { defects } from '../harness/defects/defects.ts';
import { projectRoot } from '../harness/lab/paths.ts';
import { checkFile, InvalidFile } from '../harness/mesh/parse-file.ts';
import { writeAtomically } from '../harness/report/files.ts';
import { selftestDoc } from '../harness/report/selftest/doc.ts';
import { selftestSchema, type Selftest } from '../harness/report/selftest/schema.ts';
import { refuse } from './generated-doc.ts';

const selftestAdvice = 'give the selftest.json of a run, such as results/latest/selftest.json.';

/** Folders of runs sort by time. */
function newest(): string | undefined {
  const root = join(projectRoot, 'results');
  if (!existsSync(root)) return undefined;
  const files = readdirSync(root).map((run) => join(root, run, 'selftest.json'));
  return files.sort().findLast(existsSync);
}

const [file = newest(), ...rest] = process.argv.slice(2);
if (rest.length > 0) refuse(`Give one selftest.json, not ${rest.length + 1} files.`);
if (file === undefined) refuse('There is no selftest.json in results/. Run `meshproof selftest`.');
const selftest = read(file);
const tried = new Set(selftest.rows.map(({ id }) => id));
const absent = defects.map(({ id }) => id).filter((id) => !tried.has(id));
if (absent.length > 0)
  refuse(
    `${file}: ${absent.length} of ${defects.length} defects were not tried (${absent[0]}, …). Run a whole self-test.`,
  );
if (!selftest.finished) refuse(`${file}: the self-test ended early. Run it again.`);
await writeAtomically(join(projectRoot, 'docs/selftest.md'), selftestDoc(selftest));
console.log(`wrote docs/selftest.md from ${file}`);

function read(name: string): Selftest {
  try {
    checkFile(name, selftestAdvice);
    return selftestSchema.parse(JSON.parse(readFileSync(name, 'utf8')));
  } catch (error) {
    if (error instanceof InvalidFile) return refuse(error.message);
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    return refuse(
      `${name} is not a selftest.json of this meshproof: ${why.slice(0, 2000)}\n${selftestAdvice}`,
    );
  }
}
