import type { V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import { serverSaid } from '../kube/server-said.ts';
import type { MeshCluster } from '../mesh/attach.ts';

/**
 * The image of the newest proxy that runs among pods, those that are ready first; undefined where none has a container
 * `istio-proxy`. An image `auto` is one that no injector has filled in.
 */
export function proxyImageOf(pods: readonly V1Pod[]): string | undefined {
  const proxies = pods.flatMap(({ metadata, spec, status }) => {
    const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
    const image = containers.find(({ name }) => name === 'istio-proxy')?.image;
    if (image === undefined || image === 'auto' || metadata?.deletionTimestamp !== undefined) return [];
    const ready = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
    return [{ image, ready, since: metadata?.creationTimestamp?.getTime() ?? 0 }];
  });
  return proxies.toSorted((a, b) => Number(b.ready) - Number(a.ready) || b.since - a.since)[0]?.image;
}

const injectorValues = z.looseObject({
  global: z.looseObject({
    hub: z.string(),
    tag: z.union([z.string(), z.number()]),
    variant: z.string().default(''),
    proxy: z.looseObject({ image: z.string().default('proxyv2') }).prefault({}),
  }),
});

/**
 * The image that istiod injects, by the `values` of its ConfigMap istio-sidecar-injector, as Istio puts it together
 * (`ProxyImage` in pkg/kube/inject/inject.go). Throws where they do not say it.
 */
export function injectedImage(values: string): string {
  const { hub, tag, variant, proxy } = injectorValues.parse(JSON.parse(values)).global;
  if (proxy.image.includes('/')) return proxy.image;
  const suffix = variant === '' || String(tag).endsWith(`-${variant}`) ? '' : `-${variant}`;
  return `${hub}/${proxy.image}:${tag}${suffix}`;
}

/**
 * The proxy image that a cluster of the mesh uses. That of a gateway which runs there is taken first: the cluster is known to
 * be able to pull it. Otherwise the image that istiod injects.
 *
 * @throws Error that tells where it was looked for, and what to do.
 */
export async function readProxyImage(
  cluster: MeshCluster,
  rootNamespace: string,
  revision?: string,
): Promise<string> {
  const { eastWestGateway, context } = cluster.file;
  const notes: string[] = [];
  for (const namespace of new Set([eastWestGateway?.namespace ?? rootNamespace, rootNamespace])) {
    const what = `proxies that run in namespace ${namespace}`;
    const image = await attempt(notes, what, async () =>
      proxyImageOf((await cluster.api.core.listNamespacedPod({ namespace })).items),
    );
    if (image !== undefined) return image;
  }
  const name = `istio-sidecar-injector${revision === undefined ? '' : `-${revision}`}`;
  const image = await attempt(notes, `ConfigMap ${rootNamespace}/${name}`, async () => {
    const { data } = await cluster.api.core.readNamespacedConfigMap({ namespace: rootNamespace, name });
    return injectedImage(data?.['values'] ?? '{}');
  });
  if (image !== undefined) return image;
  throw new Error(
    `Cluster ${cluster.name} (context ${context}) does not show which proxy image its mesh uses: ${notes.join('; ')}. ` +
      'Nothing was changed. Name the image: --image IMAGE, with Envoy at /usr/local/bin/envoy, as in istio/proxyv2.',
  );
}

/** The image, or a note with the reason why it is not known. */
async function attempt(
  notes: string[],
  what: string,
  look: () => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    const found = await look();
    if (found === undefined) notes.push(`${what}: none`);
    return found;
  } catch (error) {
    notes.push(`${what}: ${error instanceof z.ZodError ? 'no hub and tag in it' : serverSaid(error)}`);
    return undefined;
  }
}
