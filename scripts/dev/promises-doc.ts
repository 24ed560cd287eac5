/** Writes docs/promises.md from the suites. With `--check`, only compares. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../harness/lab/paths.ts';
import { refuse, writeGenerated } from './generated-doc.ts';

function capture(argv: string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, argv, {
    cwd: projectRoot,
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status === 0 && !error) return stdout;
  return refuse(
    `docs/promises.md is not written: \`node ${argv.join(' ')}\` failed with ${error?.message ?? status}. Mend the suites:\n${stderr}${stdout.slice(0, 2000)}`,
  );
}

const listed = capture(['node_modules/@playwright/test/cli.js', 'test', '--list', '--reporter=json']);
const text = capture(['harness/report/promises-doc.ts'], listed);
await writeGenerated(join(projectRoot, 'docs/promises.md'), text, 'docs:promises');
