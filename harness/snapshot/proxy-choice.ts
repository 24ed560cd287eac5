import type { Gaps } from './gaps.ts';
import type { Declared, Limits, PodRecord, ServiceRecord } from './schema.ts';

/** The parameters of {@link chooseProxies}. */
export interface ProxyChoice {
  declared: Declared;
  pods: readonly PodRecord[];
  services: readonly ServiceRecord[];
  limits: Pick<Limits, 'proxiesPerService' | 'proxiesPerCluster'>;
  gaps: Gaps;
}

/**
 * The pods whose proxies are read: every gateway, and a few sidecars of each service, meshproof's own first. Only pods that
 * run: one that is not ready may have a proxy that tells why.
 */
export function chooseProxies({ declared, pods, services, limits, gaps }: ProxyChoice): PodRecord[] {
  const running = pods.filter(
    (pod) => pod.proxy && pod.phase === 'Running' && pod.deletingSince === undefined,
  );
  const gateways = running.filter(({ proxy }) => proxy?.type === 'gateway');
  const sidecars = Map.groupBy(
    running.filter(({ sidecar }) => sidecar),
    ({ namespace }) => namespace,
  );
  const own = (service: ServiceRecord) => (service.namespace === declared.namespace ? 0 : 1);
  const chosen = new Set(gateways);
  for (const service of services.toSorted((a, b) => own(a) - own(b))) {
    const selector = Object.entries(service.selector);
    if (selector.length === 0) continue;
    const behind = (sidecars.get(service.namespace) ?? []).filter(({ labels }) =>
      selector.every(([key, value]) => labels[key] === value),
    );
    for (const pod of behind.slice(0, limits.proxiesPerService)) chosen.add(pod);
  }
  const kept = [...chosen].slice(0, limits.proxiesPerCluster);
  if (kept.length < chosen.size) {
    const why = `${kept.length} of ${chosen.size} proxies that were chosen are read, gateways first`;
    gaps.note({ what: 'proxies', reason: 'limit', why });
  }
  return kept;
}
