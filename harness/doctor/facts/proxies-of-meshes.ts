import type { ClusterSnapshot, Install, PodRecord } from '../../snapshot/schema.ts';

/** The address of an istiod in the proxy of a pod: `istiod[-<revision>].<namespace>.svc…`. */
const istiodAddress = /^istiod[\w-]*\.([\w-]+)\.svc\b/;

/** The control plane that a pod was injected for; undefined if its proxy does not show it. */
export function controlPlaneOf(
  { proxy, annotations, labels }: PodRecord,
  installs: readonly Install[],
): Install | undefined {
  const revision = annotations['istio.io/rev'] ?? labels['istio.io/rev'];
  const at = [proxy?.discoveryAddress, proxy?.caAddress]
    .map((address) => istiodAddress.exec(address ?? '')?.[1])
    .find((namespace) => namespace !== undefined);
  const near = at === undefined ? installs : installs.filter(({ namespace }) => namespace === at);
  const fitting = near.filter((one) => one.revision === revision);
  if (fitting.length === 1) return fitting[0];
  return at === undefined ? undefined : near[0];
}

/** The pods whose proxies use the control plane of another mesh. The istiod that lists a proxy decides. */
export function foreignPodsOf(
  { installs, istiods, pods }: ClusterSnapshot,
  own: readonly Install[],
  other: readonly Install[],
): ReadonlySet<PodRecord> {
  if (other.length === 0 && !pods.some((pod) => isStray(pod, own))) return new Set();
  const inOther = new Set(other.map(({ namespace }) => namespace));
  const listed = (foreign: boolean) =>
    new Set(
      istiods
        .filter(({ namespace }) => inOther.has(namespace) === foreign)
        .flatMap(({ connected = [] }) => connected.map(({ proxy }) => proxy)),
    );
  const [byOwn, byOther] = [listed(false), listed(true)];
  const isForeign = (pod: PodRecord): boolean => {
    const name = `${pod.name}.${pod.namespace}`;
    if (byOwn.has(name)) return false;
    if (byOther.has(name)) return true;
    const used = controlPlaneOf(pod, installs);
    if (used) return other.includes(used);
    const { meshId, clusterId } = pod.proxy ?? {};
    const isIn = (all: readonly Install[]) =>
      all.some((one) => one.meshId === meshId && one.clusterName === clusterId);
    return isStray(pod, own) || (!isIn(own) && isIn(other));
  };
  return new Set(pods.filter((pod) => pod.proxy && isForeign(pod)));
}

/** A pod whose proxy has the mesh ID of another mesh, and an istiod outside the namespaces of this mesh. */
function isStray({ proxy }: PodRecord, own: readonly Install[]): boolean {
  const { meshId, discoveryAddress, caAddress } = proxy ?? {};
  const address = discoveryAddress ?? caAddress;
  if (meshId === undefined || address === undefined || own.length === 0) return false;
  return own.every(
    (one) => one.meshId !== undefined && one.meshId !== meshId && !address.includes(`.${one.namespace}.svc`),
  );
}
