import { existsSync, readFileSync } from 'node:fs';
import { writeAtomically } from '../../harness/report/files.ts';
import { exitCodes } from '../cli/exit-codes.ts';

/**
 * Writes a generated document atomically, and logs that. With `--check`, only compares: the exit code is 1 if the document is stale
 * or missing. `script` is the npm script that writes the document.
 */
export async function writeGenerated(file: string, text: string, script: string): Promise<void> {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  if (process.argv.includes('--check')) {
    console.error(`${file} is stale or missing: run \`npm run ${script}\` and commit it.`);
    process.exitCode = exitCodes.broken;
    return;
  }
  await writeAtomically(file, text);
  console.log(`wrote ${file}`);
}

/** Exits the script with a reason on standard error. */
export function refuse(reason: string): never {
  console.error(reason);
  process.exit(exitCodes.wrongUse);
}
