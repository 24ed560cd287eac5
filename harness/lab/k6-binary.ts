import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInstalled, run } from '../base/command.ts';
import { ensureCached } from './cache.ts';
import { ensureCommands } from './debian.ts';
import { goEnvironment, goFlags } from './images/binaries.ts';
import { digest } from './images/recipe.ts';
import { cacheRoot, projectRoot } from './paths.ts';
import type { StepOptions } from './step.ts';

const source = join(projectRoot, 'clusters/k6');
const k6Module = 'go.k6.io/k6/v2';
const ownModule = 'meshproof.dev/k6';

/**
 * Finds the modules of a binary, as `go version -m` prints them, that are not in a go.sum. xk6 resolves modules in its own
 * module, so the result must be compared with the pinned modules. Replacements of modules count, too. Only meshproof's own
 * extension does not have a hash: xk6 replaces it with the folder of its source.
 */
export function unpinnedModules(printed: string, goSum: string): string[] {
  const pinned = new Set(goSum.split('\n').map((line) => line.trim()));
  const lines = printed.split('\n').map((line) => line.trim().split(/\s+/));
  return lines
    .filter(([kind, module], index) => {
      if (kind === 'dep') return module !== ownModule && lines[index + 1]?.[0] !== '=>';
      return kind === '=>' && lines[index - 1]?.[1] !== ownModule;
    })
    .map(([, ...module]) => module.join(' '))
    .filter((module) => !pinned.has(module));
}

async function build(target: string, options: StepOptions): Promise<void> {
  const go = { env: goEnvironment, ...options };
  options.onLine?.('compiling xk6');
  const xk6 = join(target, 'xk6');
  await run(['go', 'build', '-v', '-o', xk6, 'go.k6.io/xk6'], { cwd: join(source, 'builder'), ...go });
  const version = await run(['go', 'list', '-m', '-f', '{{.Version}}', k6Module], {
    cwd: source,
    env: goEnvironment,
  });
  options.onLine?.(`compiling k6 ${version}`);
  await run(
    [
      xk6,
      'build',
      version,
      '--k6-repo',
      k6Module,
      '--with',
      `${ownModule}=.`,
      '--output',
      join(target, 'k6'),
    ],
    { cwd: source, ...go },
  );
  const printed = await run(['go', 'version', '-m', join(target, 'k6')]);
  const unpinned = unpinnedModules(printed, await readFile(join(source, 'go.sum'), 'utf8'));
  if (unpinned.length > 0)
    throw new Error(
      `xk6 built k6 with modules that ${join(source, 'go.sum')} does not pin: ${unpinned.slice(0, 5).join('; ')}. Run \`go mod tidy\` in that folder and compare.`,
    );
}

/** A digest over the compiled files: without the tests and the script that k6 runs. */
async function digestOfSource(): Promise<string> {
  const files = (await readdir(source, { recursive: true })).sort();
  const compiled = files.filter((file) => /(\.go|go\.mod|go\.sum)$/.test(file) && !file.endsWith('_test.go'));
  const texts = compiled.map(async (file) => [file, await readFile(join(source, file), 'utf8')]);
  return digest(...(await Promise.all(texts)).flat());
}

/**
 * The path of k6 with meshproof's extension (clusters/k6). xk6 builds it from pinned modules. The cache keeps it under the
 * digest of its source and of the Go version.
 *
 * @throws CommandFailed with the output of the compiler; Error if Go is missing or a module is not pinned.
 */
export async function ensureK6(options: StepOptions = {}): Promise<string> {
  if (!(await isInstalled('go')))
    throw new Error(
      'k6, which sends the load, cannot be built: Go is missing. Install Go 1.26 or later and add it to the PATH.',
    );
  const goVersion = await run(['go', 'env', 'GOVERSION', 'GOARCH']);
  const key = digest(await digestOfSource(), goVersion, JSON.stringify(goFlags));
  const folder = join(cacheRoot(), 'binaries', `k6-${key}`);
  await ensureCached(folder, ['k6'], async (unfinished) => {
    await ensureCommands({ git: 'git' }, 'Building k6 with xk6', options);
    await build(unfinished, options);
  });
  return join(folder, 'k6');
}
