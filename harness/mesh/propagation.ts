import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '@kubernetes/client-node';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { MeshCluster, Pod } from './attach.ts';
import type { ProxyAdmin } from './proxy-admin.ts';

/** One Istio proxy, for a predicate that says whether it has taken something. */
export interface ProxyView {
  cluster: string;
  pod: Pod;
  admin: ProxyAdmin;
  /** Its whole configuration as JSON text, endpoints included; read when asked for. */
  configDump(): Promise<string>;
}

/** Whether a proxy has taken what was applied. */
export type ProxyPredicate = (proxy: ProxyView) => boolean | Promise<boolean>;

/**
 * Waits until `has` holds for the proxy of every given pod, at most {@link timeouts.propagationMs}. Pods without a sidecar
 * do not count.
 *
 * @throws Error that names the clusters and pods whose proxies have not got there.
 */
export async function awaitProxies(
  proxies: readonly { cluster: MeshCluster; pod: Pod }[],
  has: ProxyPredicate,
  what: string,
  timeoutMs: number = timeouts.propagationMs,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let left = proxies.filter(({ pod }) => pod.sidecar || pod.object.metadata?.labels?.['istio'] !== undefined);
  await whileWaiting(async () => {
    for (;;) {
      const views = await Promise.all(
        left.map(async (one) => ((await has(viewOf(one.cluster, one.pod))) ? [] : [one])),
      );
      left = views.flat();
      if (left.length === 0) return;
      if (performance.now() > deadlineMs)
        throw new Error(
          `After ${timeoutMs / 1000} s these proxies have not taken ${what}: ` +
            `${left.map(({ cluster, pod }) => `${cluster.name}/${pod.name}`).join(', ')}. Does istiod reach them (istioctl proxy-status)?`,
        );
      await delay(timeouts.pollMs);
    }
  });
}

/**
 * Whether a proxy's configuration names an object: Istio puts the path of a DestinationRule or VirtualService into the
 * metadata of what it made from it, and the name of an AuthorizationPolicy into the policy. Objects of other kinds leave
 * no such mark: give a predicate of your own for those.
 */
export function mentions(object: KubernetesObject): ProxyPredicate {
  const mark = markOf(object);
  if (mark === undefined)
    throw new Error(`Proxies do not name a ${object.kind}: give a predicate that knows its effect.`);
  return async (proxy) => {
    const dump = await proxy.configDump();
    return dump.includes(mark) && !warmingClusters(dump).includes(mark);
  };
}

/** Clusters that Envoy has been sent and does not use yet, as JSON text: until then it uses their predecessors. */
function warmingClusters(configDump: string): string {
  if (!configDump.includes('"dynamic_warming_clusters"')) return '';
  const { configs } = JSON.parse(configDump) as { configs: { dynamic_warming_clusters?: unknown }[] };
  return JSON.stringify(configs.map((one) => one.dynamic_warming_clusters ?? []));
}

/** The text by which proxies name an object, or undefined for kinds that they do not name. */
export function markOf(object: KubernetesObject): string | undefined {
  const { name, namespace } = object.metadata ?? {};
  const kinds: Record<string, string> = {
    DestinationRule: 'destination-rule',
    VirtualService: 'virtual-service',
  };
  const kind = kinds[object.kind ?? ''];
  if (kind) return `/namespaces/${namespace}/${kind}/${name}"`;
  return object.kind === 'AuthorizationPolicy' ? `ns[${namespace}]-policy[${name}]-` : undefined;
}

function viewOf(cluster: MeshCluster, pod: Pod): ProxyView {
  const admin = cluster.proxy(pod);
  return { cluster: cluster.name, pod, admin, configDump: () => admin.configDump() };
}
