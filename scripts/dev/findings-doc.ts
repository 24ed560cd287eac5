/** Writes docs/findings.md from the doctor's checks. With `--check`, only compares. */
import { join } from 'node:path';
import { checks } from '../../harness/doctor/checks.ts';
import { findingsDoc } from '../../harness/doctor/document.ts';
import { projectRoot } from '../../harness/lab/paths.ts';
import { writeGenerated } from './generated-doc.ts';

await writeGenerated(join(projectRoot, 'docs/findings.md'), findingsDoc(checks), 'docs:findings');
