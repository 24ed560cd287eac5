import type { ResourceRecord } from '../../snapshot/schema.ts';
import type { ClusterView } from '../cluster-view.ts';
import { covers, exportedTo, fullHost, isExportedTo, serviceOfHost } from '../destination-rules.ts';
import type { Compared, Difference } from '../differences.ts';
import { domainOf } from '../dns-domain.ts';
import { meshServices } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { selects } from '../pod-index.ts';
import { canonical, labels, list, numeric, table, tables, text, texts, type Table } from '../spec-reader.ts';
import { clientNamespaces } from './rule-callers.ts';
import { parseLocality, podLocalities } from './localities.ts';
import { clientsOf, routesOf } from './routes.ts';

/** The clusters whose callers do not get what others get: those that lack the resource, or else those that have it. */
const concerned = ({ lack, have }: Difference): ClusterView[] =>
  lack.length > 0 ? lack : have.map(({ cluster }) => cluster);

const exampleOf = ({ have }: Difference): ResourceRecord | undefined => have[0]?.resource;

/** Whether a cluster has pods with a sidecar that see a resource. Throws NotRead. */
const hasCallers = (
  cluster: ClusterView,
  { namespace, spec }: ResourceRecord,
  usual: readonly string[] = [],
): boolean => {
  const record = { namespace, exportTo: exportedTo(spec, namespace) };
  return clientNamespaces(cluster).some((client) => isExportedTo(record, client, usual));
};

/** Whether callers of a cluster find a host: it has the Service, or a ServiceEntry for it. A wildcard is found. Throws NotRead. */
function isFound(cluster: ClusterView, host: string): boolean {
  if (host.includes('*')) return true;
  const key = serviceOfHost(host);
  if (key !== undefined && cluster.service(key)) return true;
  return cluster
    .resources('ServiceEntry')
    .some(({ spec }) => texts(spec['hosts']).some((one) => covers(one, host)));
}

/** Fields of a traffic policy that only choose between regions. */
const regional = new Set(['loadBalancer', 'outlierDetection']);

/** Whether a traffic policy does nothing but fail over, or prefer localities. */
const isRegional = (policy: Table): boolean =>
  Object.keys(policy).every((field) => regional.has(field)) &&
  Object.keys(table(policy['loadBalancer'])).every((field) => field.endsWith('LbSetting'));

/** The locality settings without the entries, which name the regions of the callers of a cluster and so may differ. */
function localityEssence(policy: Table): unknown {
  const { localityLbSetting, zoneAwareLbSetting, ...rest } = table(policy['loadBalancer']);
  const essence = (given: unknown) => {
    const setting = table(given);
    return given === undefined
      ? undefined
      : {
          on: setting['enabled'] !== false,
          weights: list(setting['distribute']).length > 0,
          failover: list(setting['failover']).length > 0,
          priority: list(setting['failoverPriority']),
        };
  };
  return { ...rest, locality: essence(localityLbSetting), zoneAware: essence(zoneAwareLbSetting) };
}

const policyEssence = (given: unknown): unknown => {
  const { loadBalancer, ...rest } = table(given);
  return loadBalancer === undefined ? rest : { ...rest, loadBalancer: localityEssence(table(given)) };
};

/** Whether a covered service has pods in several regions. Throws NotRead. */
const spansRegions = (view: MeshView, host: string): boolean =>
  meshServices(view)
    .filter(({ fqdn }) => covers(host, fqdn))
    .some(({ in: all }) => {
      const regions = all.flatMap(({ cluster, service }) => {
        const localityOf = podLocalities(cluster);
        return cluster.podsOf(service).map((pod) => (localityOf(pod) ?? parseLocality('')).region);
      });
      return new Set(regions).size > 1;
    });

export const comparedRules: Compared = {
  kind: 'DestinationRule',
  essenceOf: ({ spec }) => ({
    ...spec,
    trafficPolicy: policyEssence(spec['trafficPolicy']),
    subsets: tables(spec['subsets'])
      .map((subset) => ({ ...subset, trafficPolicy: policyEssence(subset['trafficPolicy']) }))
      .toSorted((a, b) => canonical(a).localeCompare(canonical(b))),
  }),
  needs: ['pods', 'services', 'nodes'],
  effectOf: (view, difference) => {
    const rule = exampleOf(difference);
    if (!rule) return undefined;
    const domain = domainOf(view);
    const host = fullHost(text(rule.spec['host']) ?? '', rule.namespace, domain);
    const affected = concerned(difference).filter(
      (one) => isFound(one, host) && hasCallers(one, rule, one.settings?.defaultExportTo.destinationRule),
    );
    const [first] = affected;
    if (!first) return undefined;
    const policies = difference.have.map(({ resource }) => table(resource.spec['trafficPolicy']));
    const effect = `callers in ${first.name} balance and fail over by other rules`;
    if (policies.every((policy) => Object.keys(policy).length === 0)) {
      const routes = affected.some((one) =>
        routesOf(one, domain).some((route) => route.host === host && route.subset !== undefined),
      );
      return { severity: routes ? 'warning' : 'info', effect: `callers in ${first.name} have other subsets` };
    }
    if (policies.every(isRegional) && !spansRegions(view, host))
      return { severity: 'info', effect: `the service has pods in one region, so callers lose nothing` };
    return { severity: 'warning', effect };
  },
};

/** Whether a VirtualService aborts at least half of all calls. */
const abortsCalls = ({ spec }: ResourceRecord): boolean =>
  tables(spec['http']).some((rule) => {
    const abort = table(table(rule['fault'])['abort']);
    return list(rule['match']).length === 0 && (numeric(table(abort['percentage'])['value']) ?? 0) >= 50;
  });

export const comparedRoutes: Compared = {
  kind: 'VirtualService',
  // A VirtualService for ingress gateways only belongs to the cluster of the gateways.
  concerns: ({ spec }) => {
    const gateways = texts(spec['gateways']);
    return gateways.length === 0 || gateways.includes('mesh');
  },
  needs: ['pods', 'services'],
  effectOf: (view, difference) => {
    const example = exampleOf(difference);
    if (!example) return undefined;
    const hosts = texts(example.spec['hosts']).map((one) => fullHost(one, example.namespace, domainOf(view)));
    const affected = concerned(difference).find(
      // A delegate does not have hosts: it has those of the VirtualService that names it.
      (one) =>
        clientsOf(one, example).length > 0 &&
        (hosts.length === 0 || hosts.some((host) => isFound(one, host))),
    );
    const aborting = difference.have.find(
      ({ cluster, resource }) => abortsCalls(resource) && clientsOf(cluster, resource).length > 0,
    );
    if (aborting) return { severity: 'error', effect: `calls from ${aborting.cluster.name} are aborted` };
    return (
      affected && { severity: 'warning', effect: `callers in ${affected.name} get other routes and retries` }
    );
  },
};

/** Whether a Sidecar limits nothing. */
const isOpen = ({ spec }: ResourceRecord): boolean =>
  Object.keys(spec).every((field) => ['egress', 'workloadSelector'].includes(field)) &&
  tables(spec['egress']).every((one) => texts(one['hosts']).includes('*/*'));

export const comparedSidecars: Compared = {
  kind: 'Sidecar',
  needs: ['pods'],
  effectOf: (_view, difference) => {
    const example = exampleOf(difference);
    if (!example) return undefined;
    const { namespace, spec } = example;
    const selector = labels(table(spec['workloadSelector'])['labels']);
    const affected = concerned(difference).find((one) =>
      one
        .whole('pods')
        .some(
          (pod) =>
            pod.sidecar &&
            (pod.namespace === namespace || namespace === one.rootNamespace) &&
            selects(selector, pod.labels),
        ),
    );
    if (!affected) return undefined;
    const isHarmless = difference.have.every(({ resource }) => isOpen(resource));
    return {
      severity: isHarmless ? 'info' : 'warning',
      effect: isHarmless ? 'it hides nothing' : `workloads in ${affected.name} know other services`,
    };
  },
};

/** The part of a ServiceEntry that has to be the same everywhere; endpoints, addresses and localities are those that a cluster sees. */
const entryEssence = ({ spec }: ResourceRecord) => ({
  hosts: texts(spec['hosts']).toSorted(),
  ports: tables(spec['ports'])
    .map(({ number, protocol }) => canonical([number, protocol]))
    .toSorted(),
  location: text(spec['location']) ?? 'MESH_EXTERNAL',
  resolution: text(spec['resolution']) ?? 'NONE',
  exportTo: texts(spec['exportTo']).toSorted(),
});

export const comparedEntries: Compared = {
  kind: 'ServiceEntry',
  essenceOf: entryEssence,
  needs: ['pods', 'services'],
  effectOf: (_view, difference) => {
    const example = exampleOf(difference);
    if (!example) return undefined;
    const hosts = texts(example.spec['hosts']);
    const isKnown = (cluster: ClusterView) =>
      hosts.every((host) => !host.includes('*') && isFound(cluster, host));
    const affected = concerned(difference).find(
      (one) => hasCallers(one, example) && (difference.lack.length === 0 || !isKnown(one)),
    );
    if (!affected) return undefined;
    const isInternal = text(example.spec['location']) === 'MESH_INTERNAL';
    const isOpen = (affected.settings?.outboundTrafficPolicy ?? 'ALLOW_ANY') !== 'REGISTRY_ONLY';
    // Without the entry, callers reach a host outside of the mesh by DNS.
    if (difference.lack.length > 0 && isOpen && !isInternal)
      return { severity: 'info', effect: `callers in ${affected.name} reach the hosts as unknown ones` };
    return { severity: 'warning', effect: `callers in ${affected.name} reach other hosts or ports` };
  },
};
