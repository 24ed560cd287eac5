import { copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../base/command.ts';
import { docker } from '../../base/docker.ts';
import { workFolder } from '../paths.ts';
import { compilerKey, type Binaries } from './binaries.ts';
import { moduleFolder, type ImageOptions, type ImageRecipe } from './build.ts';
import { removeOlder } from './older-images.ts';
import { digest, recipeFolder, recipeKey, versions } from './recipe.ts';
import { noCniLabel } from './traits.ts';

const repository = 'meshproof/node';

/** The name of the node image that this machine builds. Its tag is a hash over the recipe, the processor and the Go compiler. */
export const nodeImageName = async (): Promise<string> =>
  `${repository}:${digest(await recipeKey(), process.arch, await compilerKey())}`;

/** The files of kind's own base image, from its Go module, with the changes that the build of that image makes. */
async function nodeFiles(binaries: Binaries, target: string): Promise<void> {
  await cp(await moduleFolder('kind', 'images/base/files'), target, { recursive: true });
  await run(['chmod', '-R', 'u=rwX,go=rX', target]);
  await run(['sh', '-c', 'chmod 0755 "$1"/usr/local/bin/* "$1"/kind/bin/*', 'sh', target]);
  const install = async (folder: string, names: string[]): Promise<void> => {
    await mkdir(join(target, folder), { recursive: true });
    for (const name of names) await copyFile(binaries[name] ?? '', join(target, folder, name));
  };
  await install('usr/local/bin', ['containerd', 'containerd-shim-runc-v2', 'ctr']);
  await install('usr/bin', ['kubeadm', 'kubelet', 'kubectl']);
  await writeFile(join(target, 'kind/version'), versions.kubernetes);
  const spec = JSON.parse(await run([binaries['ctr'] ?? '', 'oci', 'spec'])) as {
    process: { rlimits?: unknown };
    hooks?: object;
  };
  delete spec.process.rlimits;
  spec.hooks = { createContainer: [{ path: '/kind/bin/mount-product-files.sh' }] };
  await writeFile(join(target, 'etc/containerd/cri-base.json'), JSON.stringify(spec));
  await cp(join(recipeFolder, 'node'), target, { recursive: true });
}

const nodeLines = [
  `LABEL ${noCniLabel}=none`,
  'COPY files/ /',
  'RUN ["/bin/sh", "/kind/finish-image.sh"]',
  'ENV container=docker',
  'STOPSIGNAL SIGRTMIN+3',
  'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]',
];

async function buildNode(
  base: string,
  store: string,
  target: string,
  binaries: Binaries,
  options: ImageOptions,
) {
  const { engine, signal } = options;
  const context = await workFolder('node');
  try {
    await nodeFiles(binaries, join(context, 'files'));
    await copyFile(store, join(context, 'store.tar'));
    await writeFile(
      join(context, 'Dockerfile'),
      [`FROM ${base}`, ...nodeLines, 'ADD store.tar /var/lib/', ''].join('\n'),
    );
    await docker(engine, ['build', '-q', '--network', 'none', '-t', target, context], { signal });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/**
 * Imports images into a containerd store, unpacked, and writes the store as an archive. Nodes made from it have all images from
 * the start. The import runs in a container, so that it does not need more rights than the engine has.
 */
async function writeStore(
  images: ImageRecipe[],
  base: string,
  binaries: Binaries,
  options: ImageOptions,
  archive: string,
) {
  const { engine, ...rest } = options;
  const name = `meshproof-store-${process.pid}`;
  const folder = await workFolder('store');
  try {
    await docker(
      engine,
      ['save', '-o', join(folder, 'images.tar'), ...images.map(({ name: image }) => image)],
      rest,
    );
    const wanted = images.flatMap((image) => image.wanted.map((alias) => `${image.name} ${alias}\n`));
    await writeFile(join(folder, 'names'), wanted.join(''));
    await docker(
      engine,
      [
        ...['create', '--name', name, '--privileged', '--network', 'none', '-v', '/var/lib/containerd'],
        ...[base, '/bin/sh', '/import-images.sh'],
      ],
      rest,
    );
    const copies = {
      [join(folder, 'images.tar')]: '/images.tar',
      [join(folder, 'names')]: '/names',
      [binaries['containerd'] ?? '']: '/usr/local/bin/containerd',
      [binaries['ctr'] ?? '']: '/usr/local/bin/ctr',
      [join(recipeFolder, 'import-images.sh')]: '/import-images.sh',
    };
    for (const [source, path] of Object.entries(copies))
      await docker(engine, ['cp', source, `${name}:${path}`], rest);
    await docker(engine, ['start', '--attach', name], rest);
    await run(['sh', '-c', 'docker cp "$1":/var/lib/containerd - >"$2"', 'sh', name, archive], {
      env: { DOCKER_HOST: engine.endpoint },
      ...rest,
    });
  } finally {
    await docker(engine, ['rm', '-f', '-v', name]).catch(() => undefined); // it may never have been created
    await rm(folder, { recursive: true, force: true });
  }
}

/** Builds the node image, with all pod images in its store. */
export async function buildNodeImage(
  base: string,
  recipes: ImageRecipe[],
  binaries: Binaries,
  options: ImageOptions,
): Promise<void> {
  const folder = await workFolder('store-archive');
  try {
    const archive = join(folder, 'store.tar');
    await writeStore(recipes, base, binaries, options, archive);
    await buildNode(base, archive, await nodeImageName(), binaries, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await removeOlder(options.engine, repository, await nodeImageName());
}
