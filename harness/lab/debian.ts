import { join } from 'node:path';
import { isInstalled, run } from '../base/command.ts';
import { waitForTurn } from './lock.ts';
import { cacheRoot } from './paths.ts';
import type { StepOptions } from './step.ts';

const missingOf = async (commands: string[]): Promise<string[]> => {
  const found = await Promise.all(commands.map(isInstalled));
  return commands.filter((_, index) => !found[index]);
};

/**
 * Sees to it that commands are there, by installing the Debian packages (by command) of those that are not: all at once,
 * and one after the other with whoever else of ours does, because apt-get ends with an error where another apt-get is at work.
 *
 * @throws Error that names what is missing and why it is needed, where this process may not install packages.
 */
export async function ensureCommands(
  packages: Readonly<Record<string, string>>,
  why: string,
  options: StepOptions,
): Promise<void> {
  const wanted = await missingOf(Object.keys(packages));
  if (wanted.length === 0) return;
  if (process.getuid?.() !== 0 || !(await isInstalled('apt-get'))) {
    throw new Error(
      `${why} needs ${wanted.join(', ')}. Install that (as root on Debian and Ubuntu, meshproof does).`,
    );
  }
  await using _turn = await waitForTurn(join(cacheRoot(), 'apt-get.lock'), options);
  const missing = await missingOf(wanted); // another may have installed them while we waited
  if (missing.length === 0) return;
  const names = [...new Set(missing.map((command) => packages[command] ?? command))];
  options.onLine?.(`installing ${names.join(', ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // Someone else's apt-get, such as a daily upgrade, is waited for where apt-get can.
  const patient = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300'];
  await run([...patient, 'update'], { env, ...options });
  await run([...patient, 'install', '-y', '--no-install-recommends', ...names], { env, ...options });
}
