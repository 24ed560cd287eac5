/** Writes docs/findings.md from the doctor's checks; with `--check` it only tells whether the file is what it would write. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from '../harness/doctor/checks.ts';
import { findingsDoc } from '../harness/doctor/document.ts';

const file = join(import.meta.dirname, '../docs/findings.md');
const text = findingsDoc(checks);
if (existsSync(file) && readFileSync(file, 'utf8') === text) process.exitCode = 0;
else if (process.argv.includes('--check')) {
  console.error('docs/findings.md is stale or absent: run `npm run docs:findings` and commit it');
  process.exitCode = 1;
} else {
  writeFileSync(file, text);
  console.log('wrote docs/findings.md');
}
