import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Commands that tests put in the place of real ones. */
export interface FakeCommands extends AsyncDisposable {
  /** Where they are; a script finds it as `$FAKE`. */
  folder: string;
  /** Every call so far, a line each: the command's name and its arguments. */
  calls(): Promise<string[]>;
}

/**
 * Puts shell scripts, by name, before the commands that this process and its children find. For tests of what is asked of a
 * tool that must not be there, or must not be asked in earnest.
 */
export async function fakeCommands(scripts: Readonly<Record<string, string>>): Promise<FakeCommands> {
  const folder = await mkdtemp(join(tmpdir(), 'meshproof-fake-'));
  const log = join(folder, 'calls.log');
  await writeFile(log, '');
  for (const [name, script] of Object.entries(scripts)) {
    const lines = ['#!/bin/sh', `FAKE='${folder}'`, `echo "${name} $*" >>'${log}'`, script, ''];
    await writeFile(join(folder, name), lines.join('\n'));
    await chmod(join(folder, name), 0o755);
  }
  const before = process.env['PATH'] ?? '';
  process.env['PATH'] = `${folder}${delimiter}${before}`;
  return {
    folder,
    calls: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
    [Symbol.asyncDispose]: async () => {
      process.env['PATH'] = before;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
