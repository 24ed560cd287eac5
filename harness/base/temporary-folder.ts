import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

let shared: string | undefined;

/**
 * For tests: a folder that is deleted after them. If environment variables are named, they hold its path, and all test files of a process
 * get the same folder: use other names of labs and meshes in each file.
 */
export function temporaryFolder(...variables: ('MESHPROOF_STATE' | 'MESHPROOF_CACHE')[]): string {
  if (variables.length === 0) return newFolder();
  shared ??= newFolder();
  for (const variable of variables) process.env[variable] = shared;
  return shared;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
