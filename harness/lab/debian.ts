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
 * Installs the Debian packages (by command) of missing commands, all at once. Processes of meshproof take turns, because
 * apt-get fails while another apt-get runs.
 *
 * @throws Error that names the missing commands and why they are needed, if this process may not install packages.
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
      `${why} needs missing commands: ${wanted.join(', ')}. Install them, or run meshproof as root on Debian or Ubuntu to install them.`,
    );
  }
  await using _turn = await waitForTurn(join(cacheRoot(), 'apt-get.lock'), options);
  const missing = await missingOf(wanted); // another process may have installed them during the wait
  if (missing.length === 0) return;
  const names = [...new Set(missing.map((command) => packages[command] ?? command))];
  options.onLine?.(`installing ${names.join(', ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // Waits for another apt-get, such as a daily upgrade.
  const aptGet = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300'];
  await run([...aptGet, 'update'], { env, ...options });
  await run([...aptGet, 'install', '-y', '--no-install-recommends', ...names], { env, ...options });
}
