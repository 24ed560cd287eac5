import type { ResourceRecord } from '../../snapshot/schema.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { exportedTo, fullHost, isExportedTo } from '../destination-rules.ts';
import { selects } from '../pod-index.ts';
import { labels, numeric, table, tables, text, texts, type Table } from '../spec-reader.ts';

/** A destination of a VirtualService that gets calls. */
export interface Route {
  virtualService: ResourceRecord;
  /** A short name is completed as in Istio. */
  host: string;
  subset: string | undefined;
  /** Only some calls take it: the route matches more than a port, a path prefix or an SNI. */
  isConditional: boolean;
}

/** Matches that a plain call fulfils, or may fulfil. */
const broadMatches = new Set(['uri', 'port', 'gateways', 'sniHosts', 'destinationSubnets', 'name', 'scheme']);

/** Whether a match of a route selects only some calls. */
const isNarrow = (match: Table): boolean =>
  Object.keys(match).some((field) => !broadMatches.has(field)) || table(match['uri'])['exact'] !== undefined;

/** The destinations of the VirtualServices of a cluster, without those that have weight 0. Throws NotRead. */
export const routesOf = (cluster: ClusterView, domain: string): Route[] =>
  cluster.resources('VirtualService').flatMap((virtualService) =>
    ['http', 'tls', 'tcp']
      .flatMap((kind) => tables(virtualService.spec[kind]))
      .flatMap((rule) => {
        const matches = tables(rule['match']);
        const isConditional = matches.length > 0 && matches.every(isNarrow);
        const routes = tables(rule['route']);
        return routes
          .filter(({ weight }) => routes.length === 1 || numeric(weight) !== 0)
          .map(({ destination }): Route => {
            const { host, subset } = table(destination);
            return {
              virtualService,
              host: fullHost(text(host) ?? '', virtualService.namespace, domain),
              subset: text(subset) || undefined,
              isConditional,
            };
          });
      }),
  );

/** The namespaces of the callers of a VirtualService: of sidecars that see it, or of the gateways that it names. Throws NotRead. */
export function clientsOf(cluster: ClusterView, { namespace, spec }: ResourceRecord): string[] {
  const gateways = texts(spec['gateways']);
  const usual = cluster.settings?.defaultExportTo.virtualService;
  const record = { namespace, exportTo: exportedTo(spec, namespace) };
  const named = new Set(gateways.map((one) => (one.includes('/') ? one : `${namespace}/${one}`)));
  const selectors = cluster
    .resources('Gateway')
    .filter((one) => named.has(keyOf(one)))
    .map((one) => labels(one.spec['selector']));
  const isInMesh = gateways.length === 0 || gateways.includes('mesh');
  const clients = cluster.whole('pods').filter(({ sidecar, proxy, labels: own }) => {
    if (sidecar) return isInMesh;
    return proxy?.type === 'gateway' && selectors.some((selector) => selects(selector, own));
  });
  const namespaces = [...new Set(clients.map((pod) => pod.namespace))];
  return namespaces.filter((client) => isExportedTo(record, client, usual));
}
