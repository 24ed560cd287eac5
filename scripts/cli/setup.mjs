// Runs under any Node from version 18, before Node 24 and the packages are installed. So it is plain JavaScript, and imports a
// package only after `npm ci`. It installs the packages of package-lock.json, once for each content of that file.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(import.meta.url);
const root = join(dirname(script), '../..');
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(readFileSync(script))
  .digest('hex');

/** Ends with exit code 2, as any command that cannot judge the mesh. */
function fail(message) {
  console.error(message);
  process.exit(2);
}

/** npm compares each package with its hash in package-lock.json. No package may run a script. */
function installPackages() {
  console.error('Installing packages (npm ci)');
  const { status } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
    },
  );
  if (status !== 0) fail('npm ci failed: see its output above. Check that the npm registry answers.');
  const major = Number(process.versions.node.split('.')[0]);
  if (!existsSync(join(root, 'node_modules/.bin/node')) && major < 24)
    fail(
      `Node ${process.versions.node} is too old, and npm has no Node 24 for this platform. Install Node 24.`,
    );
}

/**
 * Bundles the 860 files of the Kubernetes client, which most processes load, into the file behind `#kubernetes-client`
 * (package.json): docs/numbers.md has the effect.
 */
async function bundleKubernetesClient() {
  const { build } = await import('esbuild');
  const bundle = join(root, 'dist/kubernetes-client.js');
  const unfinished = `${bundle}.${process.pid}`;
  mkdirSync(dirname(bundle), { recursive: true });
  await build({
    entryPoints: [join(root, 'node_modules/@kubernetes/client-node/dist/index.js')],
    outfile: unfinished,
    bundle: true,
    external: ['undici'], // meshproof's own dependency: one copy of it in a process
    platform: 'node',
    format: 'esm',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    minifyWhitespace: true,
    logLevel: 'error',
  });
  renameSync(unfinished, bundle);
}

/** Runs a step unless its stamp says that it was done for these packages. */
async function once(stamp, step) {
  const file = join(root, stamp);
  if (existsSync(file) && readFileSync(file, 'utf8') === wanted) return;
  await step();
  writeFileSync(file, wanted);
}

await once('node_modules/.meshproof-installed', installPackages);
await once('dist/.bundled', bundleKubernetesClient);
