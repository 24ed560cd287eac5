/** Renews the table of recorded cases in docs/coverage.md. With `--check`, only compares. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordedCases } from '../../harness/doctor/cases/cases.ts';
import { withCases } from '../../harness/doctor/cases/coverage.ts';
import { projectRoot } from '../../harness/lab/paths.ts';
import { writeGenerated } from './generated-doc.ts';

const file = join(projectRoot, 'docs/coverage.md');
await writeGenerated(file, withCases(readFileSync(file, 'utf8'), recordedCases), 'docs:coverage');
