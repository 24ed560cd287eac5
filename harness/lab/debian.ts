import { isInstalled, run } from './command.ts';
import type { StepOptions } from './step.ts';

/**
 * Sees to it that commands are there, by installing the Debian packages (by command) of those that are not: all at once,
 * because apt-get does not wait for another apt-get.
 *
 * @throws Error that names what is missing and why it is needed, where this process may not install packages.
 */
export async function ensureCommands(
  packages: Readonly<Record<string, string>>,
  why: string,
  options: StepOptions,
): Promise<void> {
  const missing: string[] = [];
  for (const command of Object.keys(packages)) if (!(await isInstalled(command))) missing.push(command);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !(await isInstalled('apt-get'))) {
    throw new Error(
      `${why} needs ${missing.join(', ')}. Install that (as root on Debian and Ubuntu, meshproof does).`,
    );
  }
  const names = [...new Set(missing.map((command) => packages[command] ?? command))];
  options.onLine?.(`installing ${names.join(', ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run(['apt-get', 'update', '-q'], { env, ...options });
  await run(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...names], { env, ...options });
}
