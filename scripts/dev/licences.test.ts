import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const page = read('docs/licences.md');
interface Locked {
  version: string;
  license?: string;
  integrity?: string;
  hasInstallScript?: boolean;
}
type Names = Record<string, unknown>;
const packageJson = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'optionalDependencies' | 'allowScripts',
  Names
>;
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(([path]) => path !== '');

/** The licence of a package: from the lock file, or from the older field of its package.json. */
function licenceOf(path: string, { license }: Locked): string {
  if (license !== undefined) return license;
  const { licenses } = JSON.parse(read(`${path}/package.json`)) as { licenses: { type: string }[] };
  return licenses.map(({ type }) => type).join(' AND ');
}

test('every npm package has a licence that docs/licences.md lists', () => {
  const allowed = new Set(
    [...page.slice(page.lastIndexOf('These packages')).matchAll(/`([\w.-]+)`/g)].map(([, name]) => name),
  );
  for (const [path, entry] of installed)
    assert.ok(
      allowed.has(licenceOf(path, entry)),
      `${path}: ${licenceOf(path, entry)} is not in docs/licences.md`,
    );
});

test('docs/licences.md has the version and licence of each direct dependency', () => {
  for (const name of Object.keys({ ...packageJson.dependencies, ...packageJson.optionalDependencies })) {
    const { version, license } = packages[`node_modules/${name}`] ?? {};
    const row = new RegExp(`\\| \`${name}\` +\\| ${version} +\\| ${license} +\\|`);
    assert.match(page, row, `docs/licences.md has no row for ${name} ${version}, ${license}`);
  }
});

test('docs/licences.md has the pinned version of each program', () => {
  const modules = globSync('clusters/**/go.mod', { cwd: root }).map(read).join('\n');
  const rows = [...page.matchAll(/\| (v[\w.-]+) +\|.*Go module `([^`]+)`/g)];
  assert.equal(rows.length, 8);
  for (const [, version, module] of rows)
    assert.ok(
      modules.includes(`${module} ${version}`),
      `no go.mod in clusters requires ${module} ${version}`,
    );
  const { envoy } = JSON.parse(read('clusters/images/pins.json'));
  assert.match(page, new RegExp(`\\| Envoy +\\| ${envoy.version} `));
});

test('package-lock.json has a SHA-512 hash for every package, and no package may run a script', () => {
  for (const [path, { integrity }] of installed)
    assert.match(integrity ?? '', /^sha512-/, `${path} has no hash`);
  for (const [path, { hasInstallScript }] of installed)
    if (hasInstallScript)
      assert.equal(
        packageJson.allowScripts[path.replace(/^.*node_modules\//, '')],
        false,
        `allowScripts: ${path}`,
      );
});
