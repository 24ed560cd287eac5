/**
 * Writes docs/selftest.md from a whole self-test: `selftest-doc.ts [results/<run>/selftest.json]` (default: the newest
 * file in results/). Refuses a self-test that ended early or that did not try every defect.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidFile } from '../../harness/config/parse-file.ts';
import { projectRoot } from '../../harness/lab/paths.ts';
import { writeAtomically } from '../../harness/report/files.ts';
import { defects } from '../../harness/selftest/defects/index.ts';
import { selftestDoc } from '../../harness/selftest/report/doc.ts';
import type { Selftest } from '../../harness/selftest/report/schema.ts';
import { refuse } from './generated-doc.ts';
import { readSelftest } from './read-selftest.ts';

/** Folders of runs sort by time. */
function newest(): string | undefined {
  const root = join(projectRoot, 'results');
  if (!existsSync(root)) return undefined;
  const files = readdirSync(root).map((run) => join(root, run, 'selftest.json'));
  return files.sort().findLast(existsSync);
}

const [file = newest(), ...rest] = process.argv.slice(2);
if (rest.length > 0) refuse(`Give one selftest.json, not ${rest.length + 1} files.`);
if (file === undefined) refuse('results/ does not contain a selftest.json. Run `meshproof selftest`.');
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
    return readSelftest(name);
  } catch (error) {
    if (error instanceof InvalidFile) return refuse(error.message);
    throw error;
  }
}
