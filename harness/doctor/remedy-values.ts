import type { ClusterSnapshot, PodRecord, Snapshot } from '../snapshot/schema.ts';
import type { Finding } from './finding.ts';
import { selects } from './pod-index.ts';
import { isLoopback } from './remote-secrets.ts';

type Values = Record<string, string | undefined>;

/**
 * Completes the remedy of a finding with the values that the finding and the snapshot have, with the contexts of the kubeconfig in place
 * of the names of clusters, and with the namespace and the Deployment of istiod. Values that are not known stay in angle brackets.
 */
export function completeRemedy(finding: Finding, snapshot: Snapshot): string {
  const values = valuesOf(finding, snapshot);
  const contextOf = (cluster: string) =>
    snapshot.declared.clusters.find(({ name }) => name === cluster)?.context ?? cluster;
  const remedy = finding.remedy
    .replace('<client pod>.<its namespace>', (text) => values['client'] ?? text)
    .replace(/<([\w ]+)>/g, (placeholder, word: string) => values[word] ?? placeholder)
    .replace(/--context ([^\s<]+)/g, (_, cluster: string) => `--context ${contextOf(cluster)}`);
  return atControlPlane(remedy, clusterOf(snapshot, finding.cluster));
}

const clusterOf = ({ clusters }: Snapshot, wanted: string | undefined): ClusterSnapshot | undefined =>
  clusters.find(({ name }) => name === wanted);

/** The remedies name istiod as a default installation does. */
function atControlPlane(remedy: string, cluster: ClusterSnapshot | undefined): string {
  const own = cluster?.installs.find(({ istiod }) => istiod) ?? cluster?.installs[0];
  if (!own || !isPlain(own.namespace) || !isPlain(own.revision)) return remedy;
  const istiod = own.revision === 'default' ? 'istiod' : `istiod-${own.revision}`;
  return remedy
    .replace(/\bistio-system\b/g, own.namespace)
    .replace(/\b(deployment |deploy\/)istiod(?![\w-])/g, `$1${istiod}`);
}

/** A value that a shell does not interpret. */
const isPlain = (value: string): boolean => /^[\w.:=/-]+$/.test(value);

/** Values for the placeholders of a remedy. */
function valuesOf(finding: Finding, snapshot: Snapshot): Values {
  const cluster = clusterOf(snapshot, finding.cluster);
  const all: Values = {
    ...meshValues(finding, snapshot),
    ...(cluster ? clusterValues(cluster, finding) : {}),
    ...(cluster ? callerValues(cluster, finding) : {}),
    ...serviceValues(finding, cluster),
    ...objectValues(finding, cluster),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && isPlain(value)));
}

/** Values of the mesh file, and of the other cluster of the finding. */
function meshValues({ cluster, peer }: Finding, snapshot: Snapshot): Values {
  const { clusters, meshId } = snapshot.declared;
  const declared = clusters.find(({ name }) => name === cluster);
  const other = clusterOf(snapshot, peer)?.installs.find(({ istiod }) => istiod);
  return {
    ...{ cluster, peer, mesh: meshId, 'unique name': cluster },
    ...{ network: declared?.network, region: declared?.region, zone: declared?.zone },
    'trust domain of the peer': other && (other.settings?.trustDomain ?? 'cluster.local'),
    'API server': peer === undefined ? undefined : apiServerOf(snapshot, peer),
  };
}

/** The API server of a cluster, `host:port`, as pods of other clusters reach it. */
function apiServerOf(snapshot: Snapshot, name: string): string | undefined {
  const cluster = clusterOf(snapshot, name);
  const addresses = new Set(cluster?.nodes.flatMap((node) => node.addresses));
  const own = cluster?.apiServer?.url;
  const servers = snapshot.clusters.flatMap(({ remoteSecrets, probes }) => [
    ...remoteSecrets.flatMap((secret) => (secret.cluster === name ? (secret.server ?? []) : [])),
    ...probes
      .filter((one) => one.target === 'apiServer' && one.cluster === name)
      .map(({ address, port }) => `https://${address}:${port}`),
  ]);
  const urls = [...servers, own ?? ''].flatMap((one) => (URL.canParse(one) ? [new URL(one)] : []));
  const known = urls.find(({ hostname }) => addresses.has(hostname));
  if (known) return known.host;
  const outside = urls.at(-1);
  if (own !== undefined && outside && !isLoopback(outside.hostname)) return outside.host;
  // The only node is also the control plane.
  const [port] = urls.flatMap((one) => one.port || []);
  return addresses.size === 1 && port !== undefined ? `${[...addresses][0]}:${port}` : undefined;
}

function clusterValues(cluster: ClusterSnapshot, { object }: Finding): Values {
  const install = cluster.installs.find(({ istiod }) => istiod);
  const [label] =
    install?.settings?.discoverySelectors.flatMap((one) => Object.entries(one.matchLabels)) ?? [];
  const secret = cluster.remoteSecrets.find((one) => object === `Secret ${one.namespace}/${one.name}`);
  return {
    revision: install?.revision,
    ...(object === 'API server' ? { node: cluster.nodes[0]?.name } : {}),
    account: secret?.token?.subject?.split(':').at(-1),
    'label of the selector': label?.join('='),
  };
}

/** A pod with a sidecar, from which a call can be tried. */
function callerValues({ pods }: ClusterSnapshot, { object = '' }: Finding): Values {
  const caller = pods.find(({ sidecar, ready }) => sidecar && ready);
  if (!caller) return {};
  const isAddress = /^\S+:\d+$/.test(object);
  return {
    client: `${caller.name}.${caller.namespace}`,
    ...(isAddress ? { namespace: caller.namespace, pod: caller.name } : {}),
  };
}

/** The service that the object or the evidence of a finding names. */
function serviceValues({ object = '', evidence }: Finding, cluster: ClusterSnapshot | undefined): Values {
  const sni = cluster?.probes.find((one) => `${one.address}:${one.port}` === object)?.sni ?? '';
  const names = [...evidence.map(({ what }) => what), sni];
  const [, host, ns] =
    /^Service ([^./]+)\.([^.]+)\.svc\./.exec(object) ??
    names.map((one) => /_\._\.([^.]+)\.([^.]+)\.svc\./.exec(one)).find((one) => one !== null) ??
    [];
  const [, key = '', name] =
    evidence
      .map(({ what }) => /^(?:endpoints|addresses) of ([^\s/]+)\/(\S+)/.exec(what))
      .find((one) => one !== null) ?? [];
  const [namespace, service] = host === undefined ? [key || undefined, name] : [ns, host];
  if (service === undefined) return {};
  const port = cluster?.services.find((one) => one.name === service && one.namespace === namespace)?.ports[0];
  return {
    ...{ service, 'its name': service, 'its namespace': namespace, 'namespace of the service': namespace },
    ...(port ? { port: `${port.port}` } : {}),
  };
}

/** The parts of the object, `Kind namespace/name`, `Kind name`, `Pod name.namespace` or `address:port`. */
function objectValues({ object = '' }: Finding, cluster: ClusterSnapshot | undefined): Values {
  const [, address, port] = /^(\S+):(\d+)$/.exec(object) ?? [];
  if (address !== undefined && port !== undefined) return { address, port };
  const [, pod, ofPod] = /^Pod ([^/]+)\.([^./]+)$/.exec(object) ?? [];
  if (pod !== undefined && ofPod !== undefined)
    return {
      ...{ namespace: ofPod, name: pod, pod },
      ...{ 'namespace of the pod': ofPod, 'name of the pod': pod },
    };
  const [, kind = '', namespace, name] = /^([A-Z][a-z]\w*) (?:([^/]+)\/)?([^/]+)$/.exec(object) ?? [];
  const values: Values = { name, [kind.toLowerCase()]: name };
  if (kind === 'Namespace') values['namespace'] = name;
  else if (namespace !== undefined) values['namespace'] = namespace;
  const pods = cluster?.pods.filter((one) => one.namespace === namespace) ?? [];
  const own = pods.find((one) => one.name === name);
  if (kind === 'Pod' && own) values['deployment'] = deploymentOf(own, cluster);
  const service = cluster?.services.find((one) => one.namespace === namespace && one.name === name);
  if (kind === 'Service' && service) values['pod'] = unreadyOf(pods, service.selector)?.name;
  return values;
}

const deploymentOf = ({ namespace, labels }: PodRecord, cluster: ClusterSnapshot | undefined) =>
  cluster?.workloads.find(
    (one) => one.kind === 'Deployment' && one.namespace === namespace && selects(one.selector, labels),
  )?.name;

const unreadyOf = (pods: readonly PodRecord[], selector: Readonly<Record<string, string>>) =>
  pods.find(({ ready, labels }) => !ready && selects(selector, labels));
