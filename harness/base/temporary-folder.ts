import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** A folder for the tests of one file, which is deleted after them; the environment variables that are named hold its path. */
export function temporaryFolder(...variables: ('MESHPROOF_STATE' | 'MESHPROOF_CACHE')[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-test-'));
  for (const variable of variables) process.env[variable] = folder;
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
