import type { V1Container, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { annotationsOf, createdAt, given } from './kubernetes-records.ts';
import type { PodRecord } from './schema.ts';

const proxyContainer = 'istio-proxy';

/** The record of a pod. Of its environment, it keeps only the mesh settings of the Istio proxy. */
export function podRecord({ metadata, spec, status }: V1Pod): PodRecord {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  const deleted = metadata?.deletionTimestamp as unknown as string | undefined;
  const proxy = proxyOf(spec?.containers ?? [], spec?.initContainers ?? []);
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    annotations: annotationsOf(metadata),
    node: spec?.nodeName ?? '',
    phase: status?.phase ?? '',
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    ip: status?.podIP ?? '',
    ips: (status?.podIPs ?? []).map(({ ip }) => ip),
    hostNetwork: spec?.hostNetwork ?? false,
    serviceAccount: spec?.serviceAccountName ?? '',
    ...given('owner', owner && `${owner.kind}/${owner.name}`),
    createdAt: createdAt(metadata),
    ...given('deletingSince', deleted),
    containers: [
      ...containers(spec?.initContainers ?? [], status?.initContainerStatuses ?? [], true),
      ...containers(spec?.containers ?? [], status?.containerStatuses ?? [], false),
    ],
    sidecar: proxy?.type === 'sidecar',
    ...given('proxy', proxy),
  };
}

function containers(
  specs: readonly V1Container[],
  statuses: readonly V1ContainerStatus[],
  init: boolean,
): PodRecord['containers'] {
  return specs.map(({ name, image, ports }) => {
    const status = statuses.find((one) => one.name === name);
    return {
      name,
      image: image ?? '',
      init,
      ready: status?.ready ?? false,
      restarts: status?.restartCount ?? 0,
      ...given('waiting', status?.state?.waiting?.reason),
      ...given('lastEnd', status?.lastState?.terminated?.reason),
      ports: (ports ?? []).map((port) => ({
        name: port.name ?? '',
        port: port.containerPort,
        protocol: port.protocol ?? 'TCP',
      })),
    };
  });
}

function proxyOf(main: readonly V1Container[], init: readonly V1Container[]): PodRecord['proxy'] {
  const native = init.find(({ name }) => name === proxyContainer);
  const container = native ?? main.find(({ name }) => name === proxyContainer);
  // ztunnel is the proxy of a node in ambient mode: neither a sidecar nor a gateway.
  if (!container || container.args?.[1] === 'ztunnel') return undefined;
  const value = (name: string) => container.env?.find((one) => one.name === name)?.value;
  return {
    image: container.image ?? '',
    native: native !== undefined,
    // pilot-agent is started as `proxy router` in a gateway, `proxy waypoint` in a waypoint, and `proxy sidecar` in a sidecar.
    type: ['router', 'waypoint'].includes(container.args?.[1] ?? '') ? 'gateway' : 'sidecar',
    ...given('clusterId', value('ISTIO_META_CLUSTER_ID')),
    ...given('network', value('ISTIO_META_NETWORK')),
    ...given('requestedNetworkView', value('ISTIO_META_REQUESTED_NETWORK_VIEW')),
    ...given('meshId', value('ISTIO_META_MESH_ID')),
    ...given('trustDomain', value('TRUST_DOMAIN')),
    ...given('discoveryAddress', discoveryAddress(value('PROXY_CONFIG'))),
    ...given('caAddress', value('CA_ADDR')),
    ...given('dnsCapture', dnsCapture(value('ISTIO_META_DNS_CAPTURE'), value('PROXY_CONFIG'))),
  };
}

/** Of the whole PROXY_CONFIG, whose proxyMetadata may hold anything, only the address. */
function discoveryAddress(config: string | undefined): string | undefined {
  return /"?discoveryAddress"?:\s*"?([\w.:[\]-]+)/.exec(config ?? '')?.[1];
}

/** The variable of the container has priority over PROXY_CONFIG, as in the agent. A value that is not a boolean counts as absent. */
function dnsCapture(variable: string | undefined, config: string | undefined): boolean | undefined {
  const written = variable ?? /"?ISTIO_META_DNS_CAPTURE"?:\s*"?(\w+)/.exec(config ?? '')?.[1];
  return booleans.get(written ?? '');
}

/** The spellings that Istio's environment variables have for a boolean. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);
