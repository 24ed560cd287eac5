import type { z } from 'zod';
import { clusterz, type endpoint, endpointShardz, networkz, syncz } from '../mesh/istiod-pages.ts';
import type { CertificateBook } from './certificate-book.ts';
import type { Gaps } from './gaps.ts';
import { given } from './kubernetes-records.ts';
import { settingsOf } from './mesh-settings.ts';
import type { Pages } from './pod-view.ts';
import { redactedMark, redactLog } from './redact.ts';
import type { IstiodRecord, PodRecord, ShardRecord } from './schema.ts';

/** Istio's HealthStatus: 0 unknown by old versions, 1 healthy. */
const unhealthyFrom = 2;

/** The parameters of {@link readIstiod}. */
export interface IstiodQuestion {
  pod: PodRecord;
  shardsPerIstiod: number;
  book: CertificateBook;
  gaps: Gaps;
}

/** The view of one istiod replica of the mesh. A page that does not answer is absent, and a gap. Throws if no page answers. */
export async function readIstiod(view: Pages, question: IstiodQuestion): Promise<IstiodRecord> {
  const { pod, book, gaps } = question;
  const of = `${pod.namespace}/${pod.name}`;
  const page = <T>(path: string, read: (body: string) => T): Promise<T | undefined> =>
    gaps.attempt('istiods', async () => read(await view.body(path)), undefined, of);
  const json = (body: string) => JSON.parse(body) as unknown;
  const version = (await view.body('/version')).trim(); // if this page does not answer, the others do not either
  const clusters = await page('/debug/clusterz', (body) => clusterz.parse(json(body)) ?? []);
  const networks = await page('/debug/networkz', (body) => networkz.parse(json(body)) ?? []);
  const all = await page('/debug/endpointShardz', (body) => shardsOf(json(body)));
  const connected = await page('/debug/syncz', (body) => connectedOf(json(body), Date.now()));
  const settings = await page('/debug/mesh', (body) => settingsOf(json(body), book));
  const shards = all?.slice(0, question.shardsPerIstiod);
  if (all && shards && shards.length < all.length)
    gaps.note({
      what: 'istiods',
      of,
      reason: 'limit',
      why: `${shards.length} of ${all.length} shards are kept`,
    });
  return {
    pod: pod.name,
    namespace: pod.namespace,
    revision: pod.labels['istio.io/rev'] ?? 'default',
    version,
    ...given(
      'clusters',
      clusters?.map(({ id, secretName, syncStatus }) => ({ id, secret: secretName, syncStatus })),
    ),
    ...given(
      'networks',
      networks?.map((one) => ({
        ...{ network: one.Network, cluster: one.Cluster, address: one.Addr, port: one.Port },
      })),
    ),
    ...given('shards', shards),
    ...given('held', all && heldOf(all)),
    ...given('connected', connected),
    ...given('settings', settings),
  };
}

/** Istiod's `/debug/endpointShardz`, one record a service and cluster. Throws ZodError when it is not that. */
export function shardsOf(value: unknown): ShardRecord[] {
  return Object.entries(endpointShardz.parse(value)).flatMap(([host, namespaces]) =>
    Object.entries(namespaces).flatMap(([namespace, { Shards }]) =>
      Object.entries(Shards ?? {}).map(([key, endpoints]) => {
        const [provider = '', ...cluster] = key.split('/');
        return { host, namespace, cluster: cluster.join('/'), provider, ...summaryOf(endpoints ?? []) };
      }),
    ),
  );
}

function summaryOf(
  endpoints: readonly z.infer<typeof endpoint>[],
): Omit<ShardRecord, 'host' | 'namespace' | 'cluster' | 'provider'> {
  const ports: Record<string, number> = {};
  for (const { ServicePortName } of endpoints) ports[ServicePortName] = (ports[ServicePortName] ?? 0) + 1;
  const each = (values: readonly string[]) => [...new Set(values)].sort();
  return {
    ports,
    addresses: each(endpoints.flatMap((one) => one.Addresses ?? (one.Address ? [one.Address] : []))),
    unhealthy: endpoints.filter(({ HealthStatus }) => HealthStatus >= unhealthyFrom).length,
    networks: each(endpoints.map(({ Network }) => Network)),
    localities: each(endpoints.map(({ Locality }) => Locality.Label)),
    mtls: endpoints.filter(({ TLSMode }) => TLSMode === 'istio').length,
  };
}

function heldOf(shards: readonly ShardRecord[]): NonNullable<IstiodRecord['held']> {
  const held: NonNullable<IstiodRecord['held']> = {};
  for (const { cluster, ports } of shards) {
    const sum = (held[cluster] ??= { services: 0, endpoints: 0 });
    sum.services++;
    for (const count of Object.values(ports)) sum.endpoints += count;
  }
  return held;
}

const shortNames: Readonly<Record<string, string>> = {
  Cluster: 'CDS',
  ClusterLoadAssignment: 'EDS',
  Listener: 'LDS',
  RouteConfiguration: 'RDS',
  Secret: 'SDS',
  TypedExtensionConfig: 'ECDS',
  NameTable: 'NDS',
};

/** An error of Envoy without the values that it quotes from the configuration, at most 300 characters. */
const withoutQuotes = (error: string) =>
  redactLog(error.replace(/"(?:[^"\\]|\\.)*"?/g, `"${redactedMark}"`)).slice(0, 300);

/** Istiod's `/debug/syncz`, as it is judged at `nowMs`. Throws ZodError when it is not that. */
export function connectedOf(value: unknown, nowMs: number): NonNullable<IstiodRecord['connected']> {
  return (syncz.parse(value) ?? []).map(({ proxy, cluster_id, istio_version, resources = {} }) => {
    const types = Object.entries(resources).map(([url, one]) => {
      const type = url.split('.').at(-1) ?? url;
      return { name: shortNames[type] ?? type, ...one };
    });
    const stale = types.filter(({ sent, acked }) => sent !== '' && sent !== acked);
    const ages = stale
      .map(({ sentTime }) => nowMs - Date.parse(sentTime ?? ''))
      .filter((ageMs) => !Number.isNaN(ageMs));
    return {
      proxy,
      cluster: cluster_id,
      version: istio_version,
      stale: stale.map(({ name }) => name),
      oldestStaleMs: Math.max(0, ...ages),
      rejected: types.flatMap(({ name, lastError }) =>
        lastError === '' ? [] : [`${name}: ${withoutQuotes(lastError)}`],
      ),
    };
  });
}
