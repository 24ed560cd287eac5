import type {
  V1DaemonSet,
  V1Deployment,
  V1LabelSelector,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1Service,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { NamespaceRecord, NodeRecord, ServiceRecord, WebhookRecord, WorkloadRecord } from './schema.ts';

/** When an object was made. The API server sends text where client-node's types have a Date. */
export const createdAt = (meta: V1ObjectMeta | undefined): string => String(meta?.creationTimestamp ?? '');

/** Annotations that decide something between clusters. Other annotations are not kept: they may hold anything. */
const keptAnnotations = new Set([
  ...['exportTo', 'cluster', 'traffic-distribution', 'service-type', 'address-type'].map(
    (name) => `networking.istio.io/${name}`,
  ),
  ...['network', 'controlPlaneClusters', 'subzone'].map((name) => `topology.istio.io/${name}`),
  ...['inject', 'interceptionMode', 'proxyImage'].map((name) => `sidecar.istio.io/${name}`),
  ...['includeInboundPorts', 'excludeInboundPorts', 'includeOutboundPorts', 'excludeOutboundPorts'].map(
    (name) => `traffic.sidecar.istio.io/${name}`,
  ),
  ...['includeOutboundIPRanges', 'excludeOutboundIPRanges', 'excludeInterfaces', 'kubevirtInterfaces'].map(
    (name) => `traffic.sidecar.istio.io/${name}`,
  ),
  ...['traffic.istio.io/nodeSelector', 'istio.io/rev', 'istio.io/dry-run', 'ambient.istio.io/redirection'],
  ...[
    'inject.istio.io/templates',
    'sidecar.istio.io/discoveryAddress',
    'service.kubernetes.io/topology-mode',
  ],
]);

/** The annotations that are kept. */
export function annotationsOf(meta: V1ObjectMeta | undefined): Record<string, string> {
  const kept = Object.entries(meta?.annotations ?? {}).filter(([key]) => keptAnnotations.has(key));
  return Object.fromEntries(kept);
}

/** An optional field: absent instead of undefined. */
export function given<K extends string, V>(key: K, value: V | null | undefined): Partial<Record<K, V>> {
  return value === undefined || value === null ? {} : ({ [key]: value } as Record<K, V>);
}

export function namespaceRecord({ metadata, status }: V1Namespace): NamespaceRecord {
  return {
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    annotations: annotationsOf(metadata),
    terminating: status?.phase === 'Terminating',
  };
}

export function serviceRecord({ metadata, spec, status }: V1Service): ServiceRecord {
  const ingress = status?.loadBalancer?.ingress ?? [];
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    type: spec?.type ?? 'ClusterIP',
    headless: spec?.clusterIP === 'None',
    ports: (spec?.ports ?? []).map((port) => ({
      name: port.name ?? '',
      port: port.port,
      protocol: port.protocol ?? 'TCP',
      ...given('appProtocol', port.appProtocol),
      targetPort: port.targetPort ?? port.port,
      ...given('nodePort', port.nodePort),
    })),
    selector: spec?.selector ?? {},
    labels: metadata?.labels ?? {},
    annotations: annotationsOf(metadata),
    external: [...ingress.map(({ ip, hostname }) => ip ?? hostname ?? ''), ...(spec?.externalIPs ?? [])],
    ...given('externalName', spec?.externalName),
    ...given('ipFamilies', spec?.ipFamilies),
    ...given('trafficDistribution', spec?.trafficDistribution),
    ...given('internalTrafficPolicy', spec?.internalTrafficPolicy),
    ...given('externalTrafficPolicy', spec?.externalTrafficPolicy),
    publishNotReadyAddresses: spec?.publishNotReadyAddresses ?? false,
  };
}

export function nodeRecord({ metadata, spec, status }: V1Node): NodeRecord {
  const labels = metadata?.labels ?? {};
  return {
    name: metadata?.name ?? '',
    // The old names are what Istio falls back to as well.
    region:
      labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '',
    zone: labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '',
    subzone: labels['topology.istio.io/subzone'] ?? '',
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    unschedulable: spec?.unschedulable ?? false,
    kubelet: status?.nodeInfo?.kubeletVersion ?? '',
    addresses: (status?.addresses ?? [])
      .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
      .map(({ address }) => address),
    ...given('podCidrs', spec?.podCIDRs),
  };
}

/** A Deployment, StatefulSet or DaemonSet; lists do not name their items' kind. */
export function workloadRecord(
  kind: string,
  { metadata, spec, status }: V1Deployment | V1StatefulSet | V1DaemonSet,
): WorkloadRecord {
  const daemons = status && 'desiredNumberScheduled' in status ? status : undefined;
  const pods = status && 'replicas' in status ? status : undefined;
  const wanted = spec && 'replicas' in spec ? (spec.replicas ?? 1) : (daemons?.desiredNumberScheduled ?? 0);
  return {
    kind,
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    selector: spec?.selector.matchLabels ?? {},
    templateLabels: spec?.template.metadata?.labels ?? {},
    templateAnnotations: annotationsOf(spec?.template.metadata),
    wanted,
    current: daemons?.currentNumberScheduled ?? pods?.replicas ?? 0,
    ready: daemons?.numberReady ?? (pods && 'readyReplicas' in pods ? pods.readyReplicas : undefined) ?? 0,
    updated: daemons?.updatedNumberScheduled ?? pods?.updatedReplicas ?? 0,
    observed: (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0),
  };
}

/** A label selector with both of its parts. */
export function selectorRecord(selector: V1LabelSelector | undefined): WebhookRecord['namespaceSelector'] {
  return {
    matchLabels: selector?.matchLabels ?? {},
    matchExpressions: (selector?.matchExpressions ?? []).map(({ key, operator, values }) => ({
      key,
      operator,
      values: values ?? [],
    })),
  };
}
