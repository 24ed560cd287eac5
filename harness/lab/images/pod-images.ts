import { run } from '../../base/command.ts';
import type { Binaries } from './binaries.ts';
import { moduleFolder, type ImageRecipe } from './build.ts';
import { versions } from './recipe.ts';
import { stockEnvoyLabel } from './traits.ts';

const ours = 'meshproof.local';

/** Names of the Istio images that the node image holds: the hub and the tag for Istio's own settings. */
export const istioImages = { hub: `${ours}/istio`, tag: versions.istio };

async function kubeadmImages(binaries: Binaries): Promise<string[]> {
  const printed = await run([
    ...[binaries['kubeadm'] ?? '', 'config', 'images', 'list', '--kubernetes-version', versions.kubernetes],
  ]);
  return printed.split('\n');
}

/** The images that run inside the clusters: those of Kubernetes, under the names that kubeadm uses, and those of Istio. */
export async function podImages(binaries: Binaries, envoy: string): Promise<ImageRecipe[]> {
  const wanted = await kubeadmImages(binaries);
  const named = (part: string): string => {
    const name = wanted.find((image) => image.includes(`/${part}:`));
    if (!name) throw new Error(`kubeadm names no image for ${part}; it names ${wanted.join(', ')}.`);
    return name;
  };
  const simple = (binary: string, ...names: string[]): ImageRecipe => ({
    name: `${ours}/kubernetes/${binary}:${versions.kubernetes}`,
    wanted: names,
    files: { [`/usr/local/bin/${binary}`]: binaries[binary] ?? '' },
    lines: [`ENTRYPOINT ["/usr/local/bin/${binary}"]`],
  });
  const controlPlane = [
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kube-proxy',
    'etcd',
    'coredns',
  ];
  const bootstrap = await moduleFolder('istio', 'tools/packaging/common/envoy_bootstrap.json');
  const { hub, tag } = istioImages;
  return [
    ...controlPlane.map((binary) => simple(binary, named(binary))),
    simple('pause', named('pause'), 'registry.k8s.io/pause:3.10'), // the second is in kind's containerd settings
    {
      name: `${hub}/pilot:${tag}`,
      wanted: [`${hub}/pilot:${tag}`],
      files: { '/usr/local/bin/pilot-discovery': binaries['pilot-discovery'] ?? '' },
      lines: ['USER 1337:1337', 'ENTRYPOINT ["/usr/local/bin/pilot-discovery"]'],
    },
    {
      name: `${hub}/proxyv2:${tag}`,
      wanted: [`${hub}/proxyv2:${tag}`],
      files: {
        '/usr/local/bin/pilot-agent': binaries['pilot-agent'] ?? '',
        '/usr/local/bin/envoy': envoy,
        '/var/lib/istio/envoy/envoy_bootstrap_tmpl.json': bootstrap,
      },
      lines: [
        `LABEL ${stockEnvoyLabel}=stock`,
        'USER 1337:1337',
        'ENTRYPOINT ["/usr/local/bin/pilot-agent"]',
      ],
    },
  ];
}
