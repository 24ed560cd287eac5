import assert from 'node:assert/strict';
import type { ClusterSnapshot, Missing, Snapshot, Source } from '../snapshot/schema.ts';
import type { Check } from './check.ts';
import { checks } from './checks.ts';
import { severities, type Severity } from './finding.ts';
import { readThrough } from './gap-index.ts';
import { sightingsOf } from './judge.ts';
import { MeshView } from './mesh-view.ts';

type Reason = Missing['reason'];

/** A snapshot without one part of one cluster, as if the collector could not read it. */
export interface Cut {
  name: string;
  part: Source;
  snapshot: Snapshot;
}

const lists = [
  ...['clocks', 'installs', 'namespaces', 'services', 'pods', 'workloads', 'nodes', 'serviceAccounts'],
  ...['resources', 'authorities', 'roots', 'webhooks', 'remoteSecrets', 'readerAccess', 'istiods', 'proxies'],
  'probes',
] as Exclude<Source, 'apiServer'>[];
const pages = ['clusters', 'networks', 'shards', 'held', 'connected', 'settings'] as const;

/** Every cut of a snapshot: each list of each cluster, each kind, and each item that is read by itself. */
export function cutsOf(snapshot: Snapshot, reason: Reason): Cut[] {
  return snapshot.clusters.flatMap((cluster) => {
    const cut = (part: Source, of: string | undefined, change: Partial<ClusterSnapshot>): Cut => {
      const gap = { what: part, ...(of === undefined ? {} : { of }), reason, why: `${reason} for the test` };
      const changed = { ...cluster, ...change, missing: [...cluster.missing, gap] };
      return {
        name: `${part}${of === undefined ? '' : ` (${of})`} of ${cluster.name}, ${reason}`,
        part,
        snapshot: {
          ...snapshot,
          clusters: snapshot.clusters.map((one) => (one === cluster ? changed : one)),
        },
      };
    };
    return [
      ...lists.map((part) => cut(part, undefined, { [part]: [] })),
      ...consequentCuts(cluster, cut),
      ...itemCuts(cluster, cut),
    ];
  });
}

type MakeCut = (part: Source, of: string | undefined, change: Partial<ClusterSnapshot>) => Cut;

/** Cuts that also leave other parts empty. The collector does not note a gap for those parts. */
function consequentCuts(cluster: ClusterSnapshot, cut: MakeCut): Cut[] {
  const gateways = cluster.proxies.filter(({ type }) => type === 'gateway');
  // Without its Deployment, an istiod is not found, but the ConfigMaps of its revision are.
  const installs = cluster.installs.map(({ version: _, ...one }) => ({ ...one, istiod: false, env: {} }));
  return [
    cut('pods', undefined, { pods: [], istiods: [], proxies: [], probes: [] }),
    cut('services', undefined, { services: [], proxies: gateways }),
    cut('remoteSecrets', undefined, { remoteSecrets: [], readerAccess: [], probes: [] }),
    cut('workloads', 'Deployment', {
      installs,
      workloads: cluster.workloads.filter(({ kind }) => kind !== 'Deployment'),
    }),
    cut('installs', undefined, { installs: [], authorities: [], readerAccess: [] }),
  ];
}

/** Cuts of one item, one kind, or one page. */
function itemCuts(cluster: ClusterSnapshot, cut: MakeCut): Cut[] {
  const without = <T>(all: readonly T[], one: T) => all.filter((other) => other !== one);
  const { resources, istiods, proxies, probes, readerAccess, remoteSecrets, authorities } = cluster;
  const kinds = [...new Set(resources.map(({ kind }) => kind))];
  return [
    ...kinds.map((kind) =>
      cut('resources', kind, { resources: resources.filter((one) => one.kind !== kind) }),
    ),
    ...istiods.flatMap((one) => {
      const of = `${one.namespace}/${one.pod}`;
      const lacking = pages.map((page) => {
        const { [page]: _, ...rest } = one;
        return cut('istiods', of, { istiods: istiods.map((other) => (other === one ? rest : other)) });
      });
      return [cut('istiods', of, { istiods: without(istiods, one) }), ...lacking];
    }),
    ...proxies.map((one) =>
      cut('proxies', `${one.namespace}/${one.pod}`, { proxies: without(proxies, one) }),
    ),
    ...probes.map((one) => cut('probes', `${one.address}:${one.port}`, { probes: without(probes, one) })),
    ...readerAccess.map((one) =>
      cut('readerAccess', one.secret, { readerAccess: without(readerAccess, one) }),
    ),
    ...remoteSecrets.map((one) =>
      cut('remoteSecrets', `${one.namespace}/${one.name}`, { remoteSecrets: without(remoteSecrets, one) }),
    ),
    ...authorities.map((one) =>
      cut('authorities', `${one.namespace}/${one.secret}`, { authorities: without(authorities, one) }),
    ),
  ];
}

interface Found {
  /** The severity of each finding, by code, cluster and peer. */
  severities: Map<string, Severity>;
  /** The parts that each check read. */
  read: Map<Check, ReadonlySet<Source>>;
}

function findingsOf(snapshot: Snapshot, asked: readonly Check[]): Found {
  const view = new MeshView(snapshot);
  const found = new Map<string, Severity>();
  const read = new Map<Check, ReadonlySet<Source>>();
  for (const check of asked) {
    view.log.clear();
    for (const { severity = check.severity, cluster, peer } of sightingsOf(check, view)) {
      const key = `${check.code} ${cluster ?? ''} ${peer ?? ''}`;
      const before = found.get(key);
      if (before === undefined || isGraver(severity, before)) found.set(key, severity);
    }
    read.set(check, new Set(view.log.asked));
    const undeclared = [...view.log.asked].filter((part) => !check.needs.includes(part));
    if (undeclared.length > 0)
      assert.fail(`${check.code} reads ${undeclared.join(', ')}, which its "needs" does not name`);
  }
  return { severities: found, read };
}

const isGraver = (a: Severity, b: Severity): boolean => severities.indexOf(a) < severities.indexOf(b);

/** A part, and the parts that are read through it. */
function affectedBy(part: Source): Set<Source> {
  const affected = new Set<Source>([part]);
  for (let before = 0; before < affected.size;) {
    before = affected.size;
    for (const [other, through] of Object.entries(readThrough))
      if (through.some((one) => affected.has(one))) affected.add(other as Source);
  }
  return affected;
}

/** Every how many cuts of other parts a case tries one; the next case tries the next ones. */
const sampling = 6;
let cases = 0;

/**
 * Asserts that a snapshot with one part missing does not show a new or graver finding: a finding may not rest on a part that was not
 * read. Tries refusals and timeouts in turn. Tries every part of every cluster, or, if `parts` are given, every cut that affects one of
 * them and a sample of the others that rotates from case to case. Checks that do not read the part are not run again.
 */
export function assertNothingNew(snapshot: Snapshot, parts?: readonly Source[]): void {
  const turn = cases++;
  const whole = findingsOf(snapshot, checks);
  const byReason = [cutsOf(snapshot, 'forbidden'), cutsOf(snapshot, 'timeout')] as const;
  for (const [index, cut] of byReason[0].entries()) {
    const { name, part, snapshot: lacking } = byReason[index % 2]?.[index] ?? cut;
    const affected = affectedBy(part);
    if (parts && affected.isDisjointFrom(new Set(parts)) && (index + turn) % sampling !== 0) continue;
    const asked = checks.filter((check) => !affected.isDisjointFrom(whole.read.get(check) ?? new Set()));
    for (const [key, severity] of findingsOf(lacking, asked).severities) {
      const before = whole.severities.get(key);
      if (before === undefined || isGraver(severity, before))
        assert.fail(`without ${name}: ${key} ${severity} is new (was ${before ?? 'not found'})`);
    }
  }
}
