import {
  parseDump,
  type DumpedCluster,
  type DumpedListener,
  type DumpedSecret,
  type EnvoyDump,
} from '../mesh/envoy-pages.ts';
import { parseClusters, type Endpoint } from '../mesh/proxy.ts';
import type { CertificateBook } from './certificate-book.ts';
import type { Gaps } from './gaps.ts';
import { given } from './kubernetes-records.ts';
import type { Pages } from './pod-view.ts';
import type { PodRecord, ProxyRecord, UpstreamRecord } from './schema.ts';
import { fromBase64 } from './webhooks.ts';

/** The parameters of {@link readProxy}. */
export interface ProxyQuestion {
  pod: PodRecord;
  upstreamsPerProxy: number;
  book: CertificateBook;
  gaps: Gaps;
}

/** Envoy's own name for the certificate and the roots that Istio gives it. */
const [ownSecret, rootSecret] = ['default', 'ROOTCA'];

/** Reads one Envoy. Throws if its admin interface does not answer, or answers with something else. */
export async function readProxy(view: Pages, question: ProxyQuestion): Promise<ProxyRecord> {
  const dump = parseDump(await view.body('/config_dump?include_eds'));
  const used = Map.groupBy(parseClusters(await view.body('/clusters?format=json')), ({ cluster }) => cluster);
  const state = await view.body('/ready').then(
    (body) => body.trim(),
    () => 'not ready', // Envoy answers 503 if it is not ready
  );
  return proxyRecord({ dump, used, state }, question);
}

/** The pages of one Envoy. */
export interface ProxyReading {
  dump: EnvoyDump;
  /** The endpoints in use, by name of Envoy's cluster. */
  used: ReadonlyMap<string, readonly Endpoint[]>;
  state: string;
}

/** The record of a proxy. Pure, except that it notes a gap if it cuts upstreams. */
export function proxyRecord(reading: ProxyReading, question: ProxyQuestion): ProxyRecord {
  const { dump, used, state } = reading;
  const { pod, upstreamsPerProxy, book, gaps } = question;
  const of = `${pod.namespace}/${pod.name}`;
  const outbound = dump.clusters.flatMap((one) =>
    upstreamRecord(one, reading.dump, used.get(one.name) ?? []),
  );
  const upstreams = keptUpstreams(outbound, upstreamsPerProxy);
  if (upstreams.length < outbound.length) {
    const why = `${upstreams.length} of ${outbound.length} upstreams are kept`;
    gaps.note({ what: 'proxies', of, reason: 'limit', why });
  }
  const { version } = dump.node?.user_agent_build_version ?? {};
  const { region = '', zone = '', sub_zone: subzone = '' } = dump.node?.locality ?? {};
  return {
    pod: pod.name,
    namespace: pod.namespace,
    type: pod.proxy?.type ?? 'sidecar',
    ...given('version', version && `${version.major_number}.${version.minor_number}.${version.patch}`),
    state,
    ...given('nodeLocality', region === '' ? undefined : { region, zone, subzone }),
    ...given('clusterId', dump.node?.metadata.CLUSTER_ID),
    ...given('network', dump.node?.metadata.NETWORK),
    upstreams,
    listeners: dump.listeners.map(listenerRecord),
    certificate: book.read(pemOf(dump.secrets, ownSecret, 'certificate')).chain,
    roots: book.read(pemOf(dump.secrets, rootSecret, 'roots')).chain,
    warming: dump.warming,
  };
}

/** At most so many upstreams, those with endpoints in the most localities first: the rest shows least of a mesh of several clusters. */
export function keptUpstreams(upstreams: readonly UpstreamRecord[], atMost: number): UpstreamRecord[] {
  if (upstreams.length <= atMost) return [...upstreams];
  return upstreams.toSorted((a, b) => b.localityWeights.length - a.localityWeights.length).slice(0, atMost);
}

/** `outbound|80|subset|host`, and as an east-west gateway names it `outbound_.80_.subset_.host`. */
const upstreamName = /^outbound(?:\|(\d+)\|([^|]*)\||_\.(\d+)_\.([^.]*)_\.)(.+)$/;

function upstreamRecord(
  cluster: DumpedCluster,
  { localities }: EnvoyDump,
  used: readonly Endpoint[],
): UpstreamRecord[] {
  const name = upstreamName.exec(cluster.name);
  if (!name) return [];
  const { outlier_detection: outlier } = cluster;
  return [
    {
      name: cluster.name,
      host: name[5] ?? '',
      port: Number(name[1] ?? name[3]),
      subset: (name[2] ?? name[4] ?? '').replace(/^_$/, ''),
      outlierDetection: outlier
        ? {
            ...given('consecutive5xx', outlier.consecutive_5xx),
            ...given('consecutiveGatewayFailure', outlier.consecutive_gateway_failure),
            ...given('consecutiveLocalOriginFailure', outlier.consecutive_local_origin_failure),
            ...given('intervalMs', outlier.interval),
            ...given('baseEjectionMs', outlier.base_ejection_time),
            ...given('maxEjectionPercent', outlier.max_ejection_percent),
          }
        : null,
      ...tlsOf(cluster),
      policy: cluster.lb_policy,
      localityWeighted: weighsLocalities(cluster),
      localityWeights: (localities.get(cluster.name) ?? []).map((one) => ({
        ...{ region: one.locality.region, zone: one.locality.zone, subzone: one.locality.sub_zone },
        priority: one.priority,
        ...given('weight', one.load_balancing_weight),
        endpoints: one.lb_endpoints.length,
      })),
      endpoints: used.map(({ cluster: _, ...endpoint }) => endpoint),
    },
  ];
}

const weighsLocalities = ({ common_lb_config, load_balancing_policy }: DumpedCluster): boolean =>
  common_lb_config?.locality_weighted_lb_config !== undefined ||
  JSON.stringify(load_balancing_policy ?? '').includes('locality_weighted_lb_config');

function tlsOf(cluster: DumpedCluster): Pick<UpstreamRecord, 'tls' | 'sni' | 'trusts'> {
  const matched = cluster.transport_socket_matches?.find(({ match }) => match?.['tlsMode'] === 'istio');
  const socket = matched?.transport_socket ?? cluster.transport_socket;
  const context = socket?.typed_config;
  if (!socket || !socket.name.endsWith('.tls')) return { tls: 'none', trusts: [] };
  const validation = context?.common_tls_context?.combined_validation_context?.default_validation_context;
  const trusts = (validation?.match_subject_alt_names ?? []).flatMap(({ exact }) => (exact ? [exact] : []));
  // Only Istio's own TLS takes its roots from the mesh.
  const istio = JSON.stringify(context?.common_tls_context ?? {}).includes(`"${rootSecret}"`);
  return { tls: matched ? 'auto' : istio ? 'istioMutual' : 'other', ...given('sni', context?.sni), trusts };
}

function listenerRecord(listener: DumpedListener): ProxyRecord['listeners'][number] {
  const chains = [
    ...listener.filter_chains,
    ...(listener.default_filter_chain ? [listener.default_filter_chain] : []),
  ];
  const { address = '', port_value: port = 0 } = listener.address?.socket_address ?? {};
  return {
    name: listener.name,
    address,
    port,
    serverNames: [...new Set(chains.flatMap((one) => one.filter_chain_match?.server_names ?? []))],
    tls: chains.some((one) => one.transport_socket !== undefined),
  };
}

function pemOf(
  secrets: readonly DumpedSecret[],
  name: string | undefined,
  what: 'certificate' | 'roots',
): string | undefined {
  const content = secrets.find((one) => one.name === name)?.secret;
  const source =
    what === 'certificate'
      ? content?.tls_certificate?.certificate_chain
      : content?.validation_context?.trusted_ca;
  return source?.inline_string ?? fromBase64(source?.inline_bytes);
}
