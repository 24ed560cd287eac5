/**
 * Renews `harness/snapshot/sample/healthy.json`, the healthy mesh that unit tests break, from a snapshot of the lab:
 *
 *   meshproof up && meshproof deploy
 *   meshproof gather --out lab.tar.gz
 *   node scripts/dev/record-sample.ts lab.tar.gz
 *
 * Clusters, fields and values are recorded. This script only removes the parts that repeat and replaces the names that
 * Kubernetes and the lab draw at random, so that the file is small and a renewal changes few lines.
 */
import { writeFileSync } from 'node:fs';
import { parseSnapshot, readSnapshot } from '../../harness/snapshot/read-snapshot.ts';
import { sampleFingerprint, sampleTime } from '../../harness/snapshot/sample/sample-names.ts';
import type { ClusterSnapshot, Snapshot } from '../../harness/snapshot/schema.ts';

const [archive] = process.argv.slice(2);
if (archive === undefined)
  throw new Error('Recording failed: no archive. Give a file that `meshproof gather` wrote.');
const snapshot = await readSnapshot(archive);
snapshot.clusters.forEach((cluster) => trim(cluster, snapshot.declared));
for (const certificate of snapshot.certificates) delete certificate.pem;
const names = new Map([...certificateNames(snapshot), ...snapshot.clusters.flatMap(podNames)]);
snapshot.clusters.forEach(({ nodes }, i) =>
  nodes.forEach(({ addresses }) => names.set(addresses[0] ?? '', `172.30.${i}.2`)),
);
const text = renamed(shifted(JSON.stringify(snapshot)), names);
const file = 'harness/snapshot/sample/healthy.json';
writeFileSync(file, `${lines(await parseSnapshot(Buffer.from(text), file))}\n`);

/** Removes Kubernetes' own pods and Services, and the parts of proxies and istiods that refer to them. */
function trim(cluster: ClusterSnapshot, { rootNamespace, namespace }: Snapshot['declared']): void {
  const isKept = (item: { namespace: string }) =>
    [rootNamespace, namespace, 'default'].includes(item.namespace);
  cluster.pods = cluster.pods.filter(isKept);
  cluster.services = cluster.services.filter(isKept);
  cluster.workloads = cluster.workloads.filter(isKept);
  cluster.serviceAccounts = cluster.serviceAccounts.filter(isKept);
  const isOfMesh = ({ host }: { host: string }) => host.endsWith(`.${namespace}.svc.cluster.local`);
  for (const istiod of cluster.istiods) if (istiod.shards) istiod.shards = istiod.shards.filter(isOfMesh);
  for (const proxy of cluster.proxies) {
    proxy.upstreams = proxy.upstreams.filter(isOfMesh);
    proxy.listeners = proxy.listeners.filter(({ address }) => address === '0.0.0.0');
    for (const one of proxy.listeners) one.serverNames = one.serverNames.filter((host) => isOfMesh({ host }));
  }
}

/** JSON with a line for each record, so that a renewal shows as a diff of records. */
function lines(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null || depth > 3) return JSON.stringify(value);
  const all = Array.isArray(value)
    ? value.map((one) => lines(one, depth + 1))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${lines(one, depth + 1)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return all.length === 0 ? `${open}${close}` : `${open}\n${all.join(',\n')}\n${close}`;
}

/** Moves every time by as much as puts `takenAt` at {@link sampleTime}. */
function shifted(json: string): string {
  const byMs = Date.parse(sampleTime) - Date.parse(snapshot.takenAt);
  return json.replaceAll(
    /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z"/g,
    (time, _seconds, fraction?: string) => {
      const moved = new Date(Date.parse(time.slice(1, -1)) + byMs).toISOString();
      return JSON.stringify(fraction === undefined ? moved.replace(/\.\d+Z$/, 'Z') : moved);
    },
  );
}

function renamed(json: string, names: ReadonlyMap<string, string>): string {
  const quoted = [...names.keys()]
    .filter(Boolean)
    .toSorted((a, b) => b.length - a.length)
    .map((name) => name.replaceAll('.', String.raw`\.`));
  return json.replaceAll(
    new RegExp(`(?<![\\w.-])(?:${quoted.join('|')})(?![\\w-])`, 'g'),
    (name) => names.get(name) ?? name,
  );
}

/** Pods become `<app>-1`, `<app>-2`; their ReplicaSets `<app>`. */
function podNames({ pods }: ClusterSnapshot): [string, string][] {
  return [...Map.groupBy(pods, ({ labels }) => labels['app'] ?? '')].flatMap(([app, group]) =>
    group.flatMap((pod, i): [string, string][] => [
      [pod.owner?.replace(/^\w+\//, '') ?? '', app],
      [pod.labels['pod-template-hash'] ?? '', 'hash'],
      [pod.name, `${app}-${i + 1}`],
    ]),
  );
}

/** Fingerprints, serials and key ids follow from names: `root`, `ca-west`, `api-west`, `west/catalog`. */
function certificateNames({ clusters, certificates }: Snapshot): [string, string][] {
  const named = new Map<string, string>();
  const name = (fingerprint: string | undefined, as: string) => {
    if (fingerprint === undefined || named.has(fingerprint)) return;
    const sameName = [...named.values()].filter((other) => other.replace(/ \d+$/, '') === as).length;
    named.set(fingerprint, sameName === 0 ? as : `${as} ${sameName + 1}`);
  };
  for (const { name: cluster, authorities, remoteSecrets, proxies, pods } of clusters) {
    for (const { roots } of authorities) name(roots[0], 'root');
    for (const { certificate } of authorities) name(certificate[0], `ca-${cluster}`);
    for (const { ca, cluster: other } of remoteSecrets) name(ca[0], `api-${other}`);
    for (const proxy of proxies) {
      const pod = pods.find((one) => one.name === proxy.pod && one.namespace === proxy.namespace);
      name(proxy.certificate[0], `${cluster}/${pod?.labels['app']}`);
    }
  }
  for (const { fingerprint, dnsNames } of certificates) name(fingerprint, dnsNames.join());
  return certificates.flatMap((one): [string, string][] => {
    const as = named.get(one.fingerprint) ?? '';
    const id = one.subjectKeyId === undefined ? [] : [[one.subjectKeyId, `key-${as}`] as [string, string]];
    const fingerprint = sampleFingerprint(as);
    return [
      [one.fingerprint, fingerprint],
      [one.serial, sampleFingerprint(`serial ${as}`).slice(0, 32)],
      ...id,
    ];
  });
}
