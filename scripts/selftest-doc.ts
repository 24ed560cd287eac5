/**
 * Writes docs/selftest.md from a whole self-test: `selftest-doc.ts [results/<run>/selftest.json]`, the newest one in results/ where none is
 * named. A self-test that ended early, or that left out any of our defects, is refused.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defects } from '../harness/defects/defects.ts';
import { projectRoot } from '../harness/lab/paths.ts';
import { selftestDoc } from '../harness/report/selftest/doc.ts';
import { wordsOf } from './outcome.ts';
import { readSelftest } from './read-selftest.ts';

/** Folders of runs sort by time. */
function newest(): string | undefined {
  const root = join(projectRoot, 'results');
  const files = readdirSync(root).map((run) => join(root, run, 'selftest.json'));
  return files.sort().findLast(existsSync);
}

const file = process.argv[2] ?? newest();
if (file === undefined || !existsSync(file)) {
  console.error(`There is no ${file ?? 'selftest.json in results/'}: run \`meshproof selftest\`.`);
  process.exit(3);
}
const selftest = (() => {
  try {
    return readSelftest(file);
  } catch (error) {
    console.error(wordsOf(error, false));
    process.exit(3);
  }
})();
const tried = new Set(selftest.rows.map(({ id }) => id));
const absent = defects.map(({ id }) => id).filter((id) => !tried.has(id));
if (!selftest.finished || absent.length > 0) {
  const lacks = `${absent.length} of ${defects.length} defects were not tried (${absent[0]}, …)`;
  console.error(`${file} is no whole self-test: ${absent.length > 0 ? lacks : 'it ended early'}.`);
  process.exitCode = 1;
} else {
  writeFileSync(join(projectRoot, 'docs/selftest.md'), selftestDoc(selftest));
  console.log(`wrote docs/selftest.md from ${file}`);
}
