import { readFileSync } from 'node:fs';
import type { Certificate, ClusterSnapshot, Snapshot } from '../schema.ts';
import { sampleFingerprint } from './sample-names.ts';

/** The lab's clusters `west` and `east`. `scripts/dev/record-sample.ts` renews the file. */
const recorded = readFileSync(new URL('healthy.json', import.meta.url), 'utf8');

/** A copy of a recorded value in which `west` and `east` are the clusters with these indices. */
type Copy = <T>(value: T, west: number, east: number) => T;

/**
 * A healthy mesh for tests: the recorded lab. Every call gives a new object, which a test may break.
 *
 * @param names of the clusters, `west` and `east` by default. The first cluster is the recorded `west`, which has the ingress
 * gateway; each further cluster is a copy of the recorded `east`.
 */
export function sampleSnapshot(names: readonly string[] = ['west', 'east']): Snapshot {
  const lab = JSON.parse(recorded) as Snapshot;
  const copy = copying(lab, names);
  const { declared, certificates, clusters } = lab;
  const each = <T>([west, east]: readonly T[]): T[] =>
    names.map((_, i) => copy((i === 0 ? west : east) as T, 0, i));
  return {
    ...lab,
    declared: {
      ...declared,
      clusters: each(declared.clusters),
      services: declared.services.map(({ name, pods }) => ({ name, pods: podCounts(names, pods) })),
    },
    certificates: [
      ...certificates.filter((one) => !isOfEast(one)).map((one) => copy(one, 0, 1)),
      ...names.flatMap((_, i) => (i === 0 ? [] : copy(certificates.filter(isOfEast), 0, i))),
    ],
    clusters: names.map((_, i) => clusterCopy(clusters, names, i, copy)),
  };
}

/** A certificate for a test to add: a recorded workload certificate, with other values. `name` gives the fingerprint. */
export function certificate(name: string, over: Partial<Certificate> = {}): Certificate {
  const { certificates } = JSON.parse(recorded) as Snapshot;
  const workload = certificates.find(({ fingerprint }) => fingerprint === sampleFingerprint('west/catalog'));
  if (!workload)
    throw new Error('healthy.json has no certificate of catalog in west. Record the sample again.');
  const [fingerprint, serial] = [sampleFingerprint(name), sampleFingerprint(`serial ${name}`).slice(0, 32)];
  return { ...workload, uris: [], signedBy: [], subjectKeyId: `key-${name}`, fingerprint, serial, ...over };
}

const isOfEast = (one: Certificate): boolean => /\beast\b/.test(JSON.stringify(one));

function copying({ certificates }: Snapshot, names: readonly string[]): Copy {
  const ofEast = new Set(certificates.filter(isOfEast).map(({ fingerprint }) => fingerprint));
  const known = /\b(?:west|east)\b|172\.30\.[01]\.2\b|\b[0-9a-f]{64}\b/g;
  return (value, west, east) =>
    JSON.parse(
      JSON.stringify(value).replaceAll(known, (text) => {
        if (text === 'west') return names[west] ?? text;
        if (text === 'east') return names[east] ?? text;
        if (text.startsWith('172.')) return `172.30.${text === '172.30.0.2' ? west : east}.2`;
        return east > 1 && ofEast.has(text) ? sampleFingerprint(`${text} ${east}`) : text;
      }),
    ) as typeof value;
}

function podCounts(names: readonly string[], { west = 0, east = 0 }: Record<string, number>) {
  const counts = names.map((name, i) => [name, i === 0 ? west : east] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** A copy of a recorded cluster. Its records of the recorded peer are replaced by records of every other cluster. */
function clusterCopy(
  [west, east]: readonly ClusterSnapshot[],
  names: readonly string[],
  index: number,
  copy: Copy,
): ClusterSnapshot {
  if (!west || !east) throw new Error('healthy.json does not have two clusters. Record the sample again.');
  const [cluster, peer] = index === 0 ? [structuredClone(west), 'east'] : [structuredClone(east), 'west'];
  const [{ held = {} } = {}] = cluster.istiods;
  for (const [, list] of peerLists(cluster))
    list.splice(0, Infinity, ...list.filter((one) => !isOf(one, peer)));
  delete held[peer];
  const own = copy(cluster, 0, index);
  for (const i of names.keys()) {
    if (i === index) continue;
    // The recorded east shows how a cluster sees `west`; the recorded west shows how a cluster sees a copy of `east`.
    const seen =
      i === 0 ? copy(peerRecords(east, 'west'), 0, index) : copy(peerRecords(west, 'east'), index, i);
    for (const [key, list] of peerLists(own))
      list.push(...(seen.lists[key] ?? []).map((one) => ({ ...one })));
    Object.assign(own.istiods[0]?.held ?? {}, seen.held);
  }
  return own;
}

/** The records of a peer in a recorded cluster, by list. */
function peerRecords(cluster: ClusterSnapshot, peer: string) {
  const lists = peerLists(cluster).map(
    ([key, list]) => [key, list.filter((one) => isOf(one, peer))] as const,
  );
  return { lists: Object.fromEntries(lists), held: { [peer]: cluster.istiods[0]?.held?.[peer] } };
}

const isOf = (record: object, cluster: string): boolean =>
  new RegExp(`"(?:region-)?${cluster}"`).test(JSON.stringify(record));

/** The lists of a cluster that have records of other clusters, with a name that is the same in all clusters. */
function peerLists(cluster: ClusterSnapshot): [string, object[]][] {
  const { remoteSecrets, readerAccess, probes, istiods, proxies } = cluster;
  const [{ clusters = [], networks = [], shards = [] } = {}] = istiods;
  const upstreams = proxies.flatMap(({ pod, type, upstreams: all }) =>
    all.flatMap(({ name, endpoints, localityWeights }): [string, object[]][] => {
      const key = `${type === 'sidecar' ? type : pod} ${name}`;
      return [
        [`${key} endpoints`, endpoints],
        [`${key} localities`, localityWeights],
      ];
    }),
  );
  return [
    ...Object.entries({ remoteSecrets, readerAccess, probes, clusters, networks, shards }),
    ...upstreams,
  ];
}
