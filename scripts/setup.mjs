// Runs under whatever Node there is (18 or later), before Node 24 and the packages are installed: so it is plain
// JavaScript that imports no package before then. Installs what package-lock.json pins, once for each content of it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.meshproof-installed');
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.error('Installing packages (npm ci)');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    console.error('npm ci failed; its words are above. Is the npm registry within reach?');
    process.exit(2);
  }
  await joinKubernetesClient();
  writeFileSync(stamp, wanted);
}

/**
 * Joins the 860 files of the Kubernetes client, which every process of ours loads, into one: docs/numbers.md tells what it is
 * worth. The packages that it uses stay what they are.
 */
async function joinKubernetesClient() {
  const { build } = await import('esbuild');
  const entry = join(root, 'node_modules/@kubernetes/client-node/dist/index.js');
  const joined = `${entry}.joined`;
  await build({
    entryPoints: [entry],
    outfile: joined,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    minifyWhitespace: true,
    logLevel: 'error',
  });
  renameSync(joined, entry);
}
