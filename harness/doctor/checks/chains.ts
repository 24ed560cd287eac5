import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { nameOf, shareRoot } from '../facts/chains.ts';
import {
  areStrangers,
  rejectionOf,
  trustOfClusters,
  type ClusterTrust,
  type Rejection,
} from '../facts/workload-certificates.ts';
import type { MeshView } from '../mesh-view.ts';
import { replaceAuthority, restartIstiod, restartIstiodOf } from '../remedies.ts';
import { authorityOf, pathOfAuthority, rootsOfAuthority, secretOf, type UsedAuthority } from '../trust.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew, short } from '../format-values.ts';
import type { Certificate, ProxyRecord } from '../../snapshot/schema.ts';

const pluginDocs = 'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/';

const listed = (roots: readonly Certificate[]): string =>
  firstFew(roots.map((root) => `${nameOf(root)} ${short(root.fingerprint)}`));

const rootsDiffer: Check = {
  code: 'MP1101',
  title: 'The roots of two clusters differ',
  severity: 'error',
  explanation:
    'Workloads accept only certificates that chain to the roots that they have. If the proxies of two clusters reject every certificate of each other, all calls between them fail in the TLS handshake. Either istiod created its own root, or `cacerts` comes from another root. The finding names the cluster whose root fewer clusters have. If only the Secret has the other root, the finding is a warning: calls fail after the next restart of istiod, when workloads renew their certificates.',
  remedy: `# sign the intermediate of <cluster> with the root of the other clusters, then\n${replaceAuthority}\n${restartIstiod}`,
  reference: pluginDocs,
  needs: ['proxies', 'authorities', 'roots', 'installs', 'workloads'],
  explains: { cluster: ['MP1112', 'MP1107', 'MP1108'] },
  run: function* (view) {
    const trusts = trustOfClusters(view);
    yield* strangers(view, trusts);
    yield* separately(trusts, (one) => pendingRoot(view, one, trusts));
  },
};

/** The clusters that share a root with fewer others, if proxies show that these reject each other. */
function* strangers(view: MeshView, trusts: readonly ClusterTrust[]): Iterable<Sighting> {
  const areApart = (a: ClusterTrust, b: ClusterTrust): boolean => a !== b && areStrangers(view, a, b);
  const apart = trusts.map((one) => trusts.filter((other) => areApart(one, other)));
  const fewest = Math.min(...apart.map(({ length }) => length));
  const usual = trusts[apart.findIndex(({ length }) => length === fewest)];
  if (!usual) return;
  for (const [index, one] of trusts.entries()) {
    if (!apart[index]?.includes(usual)) continue;
    const [cluster, peer] = [one.cluster.name, usual.cluster.name];
    yield {
      ...{ cluster, peer },
      object: `Secret ${secretName(view, one.cluster)}`,
      evidence: [
        {
          what: `roots of the proxies of ${cluster}`,
          seen: listed(one.held[0]?.roots ?? []),
          expected: `${listed(usual.held[0]?.roots ?? [])}, as in ${peer}`,
        },
      ],
      cause: `${cluster} and ${peer} have no root certificate in common, so calls between them fail in both directions.`,
      remedy: remedyOf(one.cluster),
    };
  }
}

/** The Secret of the authority of a cluster; `cacerts` if another authority signs, or its Secrets were not read. */
function secretName(view: MeshView, cluster: ClusterView): string {
  const [used] = fromReadable([cluster], (one) => [authorityOf(view, one)?.authority]);
  return used
    ? keyOf({ namespace: used.namespace, name: used.secret })
    : `${cluster.mesh.rootNamespace}/cacerts`;
}

const remedyOf = (cluster: ClusterView): string => {
  const [restart = restartIstiod] = fromReadable([cluster], (one) => [restartIstiodOf(one)]);
  return `# sign the intermediate of <cluster> with the root of the other clusters, then\n${replaceAuthority}\n${restart}`;
};

/** An authority in a Secret that the proxies of other clusters will reject, although they accept the certificates of today. */
function* pendingRoot(
  view: MeshView,
  one: ClusterTrust,
  trusts: readonly ClusterTrust[],
): Iterable<Sighting> {
  const { cluster } = one;
  const used = authorityOf(view, cluster);
  // MP1102 reports an authority without a path to its own root.
  if (!used?.signing || used.use === 'served' || !pathOfAuthority(view, used)) return;
  const others = comparable(one, used, trusts);
  if (others.some((other) => rejectionOf(view, other, one))) return; // that is broken now: MP1112
  const rejecting = others.filter((other) =>
    rootsHeldIn(view, other).some((roots) => !pathOfAuthority(view, used, roots)),
  );
  const [first] = rejecting;
  if (!first) return;
  const peers = firstFew(rejecting.map((other) => other.cluster.name));
  yield {
    severity: isLoadedUnseen(view, one, used) ? 'error' : 'warning',
    ...{ cluster: cluster.name, peer: first.cluster.name },
    object: secretOf(used),
    evidence: [
      {
        what: `roots in ${used.authority.secret} of ${cluster.name}`,
        seen: listed(rootsOfAuthority(view, used.authority)),
        expected: `${listed(rootsHeldIn(view, first)[0] ?? [])}, as in ${first.cluster.name}`,
      },
      { what: `proxies of ${cluster.name} with a certificate of it`, seen: 0 },
    ],
    cause: `The authority in ${used.authority.secret} of ${cluster.name} has a root that ${peers} ${rejecting.length > 1 ? 'do' : 'does'} not have; calls between them fail after istiod of ${cluster.name} loads it and workloads renew their certificates.`,
    remedy: remedyOf(cluster),
  };
}

/**
 * The clusters that an authority is compared with. If the proxies of its cluster were not read, only the clusters before it whose
 * proxies were not read either: proxies of one cluster alone do not show which authority the other uses.
 */
function comparable(
  one: ClusterTrust,
  { use }: UsedAuthority,
  trusts: readonly ClusterTrust[],
): ClusterTrust[] {
  if (use === 'pending') return trusts.filter((other) => other !== one);
  return trusts
    .slice(0, trusts.indexOf(one))
    .filter(({ held, cluster }) => held.length === 0 && !cluster.complete('proxies'));
}

/** The bundles of roots in a cluster: those of its proxies, or if none was read, those that its namespaces get. */
const rootsHeldIn = (view: MeshView, { cluster, held }: ClusterTrust): (readonly Certificate[])[] =>
  held.length > 0
    ? held.map(({ roots }) => roots)
    : cluster.seen('roots').flatMap(({ roots }) => {
        const given = view.certificatesOf(roots);
        return given.length > 0 ? [given] : [];
      });

/** Whether istiod has loaded an authority, as its ConfigMaps show, while the proxies of the cluster were not read. */
const isLoadedUnseen = (
  view: MeshView,
  { cluster }: ClusterTrust,
  { authority, use }: UsedAuthority,
): boolean =>
  use === 'unknown' &&
  cluster
    .seen('roots')
    .some(({ roots }) => shareRoot(view.certificatesOf(roots), rootsOfAuthority(view, authority)));

const named = (proxies: readonly ProxyRecord[]): string =>
  firstFew(proxies.map(({ namespace, pod }) => keyOf({ namespace, name: pod })));

const distrusts: Check = {
  code: 'MP1112',
  title: 'Proxies of one cluster do not have the root of another',
  severity: 'error',
  explanation:
    'A proxy accepts a certificate if a chain of the certificates that its peer shows ends at a root that the proxy has. These proxies have no root for the certificates that the peers show today. As both sides of mutual TLS verify, calls in both directions fail in the handshake. Either the clusters have different roots, or a cluster signs with a new root before all proxies have it, or istiod was not restarted after the roots were aligned.',
  remedy: `${restartIstiod}\n# then restart the workloads, or wait until they renew their certificates`,
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#trust-configuration',
  needs: ['proxies', 'roots', 'installs', 'workloads', 'istiods'],
  explains: { 'target and subject': ['MP3403'] },
  run: function* (view) {
    const trusts = trustOfClusters(view);
    const pairs = trusts.flatMap((holder) => trusts.map((shower) => ({ holder, shower })));
    const isWithin = ({ holder, shower }: (typeof pairs)[number]): number => (holder === shower ? 1 : 0);
    for (const { holder, shower } of pairs.toSorted((a, b) => isWithin(a) - isWithin(b))) {
      const rejection = rejectionOf(view, holder, shower);
      if (rejection) yield rejectionSighting(view, holder.cluster, shower.cluster, rejection);
    }
  },
};

function rejectionSighting(
  view: MeshView,
  cluster: ClusterView,
  of: ClusterView,
  rejection: Rejection,
): Sighting {
  const { rejecting, readers, rejected, showing, missing, notShown, roots } = rejection;
  const [first] = rejecting;
  const who =
    rejecting.length === readers
      ? `The proxies of ${cluster.name}`
      : `${rejecting.length} of ${readers} proxies of ${cluster.name}`;
  const whose =
    rejected.length === showing ? of.name : `${rejected.length} of ${showing} proxies of ${of.name}`;
  const lack = notShown
    ? `do not get the intermediate ${nameOf(notShown)} from ${whose}`
    : `do not have the root ${nameOf(missing)} of ${whose}`;
  const effect =
    cluster === of
      ? `calls inside ${of.name} fail`
      : `calls between ${cluster.name} and ${of.name} fail in both directions`;
  const reason = reasonOf(view, cluster, missing);
  return {
    cluster: cluster.name,
    ...(cluster === of ? {} : { peer: of.name }),
    object: `Pod ${keyOf({ namespace: first?.namespace ?? '', name: first?.pod ?? '' })}`,
    covers: [missing.fingerprint],
    evidence: [
      { what: `root of the certificates of ${of.name}`, seen: listed([missing]), expected: listed(roots) },
      { what: `proxies of ${cluster.name} that reject them`, seen: rejecting.length, expected: 0 },
      ...(rejecting.length < readers ? [{ what: 'rejecting proxies', seen: named(rejecting) }] : []),
      ...(rejected.length < showing ? [{ what: 'rejected proxies', seen: named(rejected) }] : []),
      ...(reason ? [reason] : []),
    ],
    cause: `${who} ${lack}, so ${effect}.`,
    remedy: remedyForRejection(view, cluster, of, rejection),
  };
}

/** The setting that has the missing root although the proxies do not. */
function reasonOf(view: MeshView, cluster: ClusterView, missing: Certificate) {
  const [settings] = fromReadable([cluster], (one) => [one.settings]);
  const has = (fingerprints: readonly string[]): boolean =>
    shareRoot(view.certificatesOf(fingerprints), [missing]);
  if (!has(settings?.caCertificates ?? [])) return undefined;
  return {
    what: 'caCertificates of MeshConfig',
    seen: 'have the root, but istiod does not send it to the proxies',
    expected: 'ISTIO_MULTIROOT_MESH=true for istiod, and PROXY_CONFIG_XDS_AGENT=true in proxyMetadata',
  };
}

/** Restarts that give the proxies the root if istiod has it; otherwise the root has to be added first. */
function remedyForRejection(
  view: MeshView,
  cluster: ClusterView,
  of: ClusterView,
  { rejecting, rejected, missing, notShown }: Rejection,
): string {
  const restart = (proxies: readonly ProxyRecord[], context: string): string =>
    [...new Set(proxies.map(({ namespace }) => namespace))]
      .map((namespace) => `kubectl --context ${context} -n ${namespace} rollout restart deployment`)
      .join('\n');
  if (notShown)
    return `# add ${nameOf(notShown)} to cert-chain.pem of cacerts in ${of.name}, restart its istiod, then\n${restart(rejected, of.name)}`;
  const given = cluster.seen('roots').some(({ roots }) => shareRoot(view.certificatesOf(roots), [missing]));
  const [restartPlane = restartIstiod] = fromReadable([cluster], (one) => [restartIstiodOf(one)]);
  const add = `# append ${nameOf(missing)} to root-cert.pem of cacerts in ${cluster.name}, then\n${restartPlane}\n`;
  return `${given ? '' : add}${restart(rejecting, '<cluster>')}`;
}

export const chainChecks = [rootsDiffer, distrusts];
