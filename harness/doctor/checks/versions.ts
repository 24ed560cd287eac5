import type { Check } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { istiodName } from '../remedies.ts';
import { fromReadable } from '../unread.ts';
import { firstFew, podRef } from '../format-values.ts';

const skewDocs = 'https://istio.io/latest/docs/releases/supported-releases/#control-planedata-plane-skew';

/** A number for the minor version of `1.31.0`, `v1.36.3`, `1.31-alpha.abc`; undefined for other texts, as of a local build. */
export function minorOf(version: string | undefined): number | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  return major === undefined || minor === undefined ? undefined : Number(major) * 1000 + Number(minor);
}

/**
 * The version of istiod: from a replica, otherwise from the tag of its image. Of several revisions, as in a canary upgrade, the newest,
 * because it replaces the others.
 */
function versionOf(cluster: ClusterView): string | undefined {
  const reported = cluster.istiods.flatMap(({ version }) =>
    minorOf(version) === undefined ? [] : [version ?? ''],
  );
  return reported.toSorted((a, b) => (minorOf(b) ?? 0) - (minorOf(a) ?? 0))[0] ?? cluster.install?.version;
}

/** The clusters with the oldest and the newest version. */
function spread(view: MeshView, of: (cluster: ClusterView) => string | undefined) {
  const known = fromReadable(view.clusters, (cluster) => {
    const minor = minorOf(of(cluster));
    return minor === undefined ? [] : [{ cluster, minor, version: of(cluster) ?? '' }];
  });
  const sorted = known.toSorted((a, b) => a.minor - b.minor);
  const [oldest, newest] = [sorted[0], sorted.at(-1)];
  return oldest && newest ? { oldest, newest, apart: newest.minor - oldest.minor } : undefined;
}

const istiodSkew: Check = {
  code: 'MP7101',
  title: 'The istiods of two clusters have different minor versions',
  severity: 'warning',
  explanation:
    'Everything may work today. Istiods of different minor versions send different configuration for the same rules. Istio tests only neighbouring versions, and only during an upgrade.',
  remedy: 'istioctl --context <cluster> version\nistioctl --context <cluster> upgrade',
  reference: 'https://istio.io/latest/docs/setup/upgrade/canary/',
  needs: ['istiods', 'installs'],
  explains: { 'source and subject': ['MP7102'] },
  run: function* (view) {
    const found = spread(view, versionOf);
    if (!found || found.apart === 0) return;
    const { oldest, newest, apart } = found;
    yield {
      severity: apart > 2 ? 'error' : 'warning',
      cluster: oldest.cluster.name,
      peer: newest.cluster.name,
      object: `Deployment ${oldest.cluster.systemNamespace}/${istiodName(oldest.cluster.install?.revision)}`,
      covers: [`minor ${newest.minor}`],
      evidence: [
        {
          what: 'version of istiod',
          seen: oldest.version,
          expected: `${newest.version} as in ${newest.cluster.name}`,
        },
      ],
      cause: `istiod is ${oldest.version} in ${oldest.cluster.name} and ${newest.version} in ${newest.cluster.name}, ${apart} minor versions apart.`,
    };
  },
};

const proxySkew: Check = {
  code: 'MP7102',
  title: 'Proxies are more than two minor versions behind istiod, or newer',
  severity: 'warning',
  explanation:
    'Istio supports proxies that are up to two minor versions older than istiod, and does not support newer ones. Other proxies may reject configuration, or lack features that other clusters expect.',
  remedy:
    'istioctl --context <cluster> proxy-status\nkubectl --context <cluster> -n <namespace> rollout restart deployment',
  reference: skewDocs,
  needs: ['istiods', 'installs'],
  run: perPrimary(function* (cluster) {
    // Compare each proxy with its own istiod: there may be several revisions.
    const all = cluster.seen('istiods').flatMap((istiod) => {
      const by = minorOf(istiod.version) === undefined ? versionOf(cluster) : istiod.version;
      return (istiod.connected ?? []).map(({ proxy, version }) => ({ proxy, version, by }));
    });
    const far = all.filter(({ version, by }) => {
      const [minor, own] = [minorOf(version), minorOf(by)];
      return own !== undefined && minor !== undefined && (own - minor > 2 || minor > own);
    });
    const first = far[0];
    if (!first) return;
    yield {
      object: podRef(first.proxy),
      subject: [...new Set(far.map(({ version }) => `minor ${minorOf(version)}`))],
      evidence: [
        {
          what: `version of ${first.proxy}`,
          seen: first.version,
          expected: `${first.by}, or up to two minor versions older`,
        },
        { what: 'proxies with an unsupported version', seen: far.length, expected: 0 },
      ],
      cause: `${far.length} of ${all.length} proxies of ${cluster.name} have a version that istiod ${first.by} does not support: ${firstFew(far.map(({ proxy, version }) => `${proxy} ${version}`))}.`,
    };
  }),
};

const replicasMixed: Check = {
  code: 'MP7103',
  title: 'The istiods of one revision have different versions',
  severity: 'info',
  explanation:
    'A rollout of istiod is in progress or stuck. Each proxy gets configuration from the replica that it is connected to, so the same rules may give different configuration.',
  remedy: 'kubectl --context <cluster> -n <namespace> rollout status deployment <name>',
  reference: 'https://istio.io/latest/docs/setup/upgrade/in-place/',
  needs: ['istiods', 'installs'],
  run: perCluster(function* (cluster) {
    for (const [revision, replicas] of Map.groupBy(
      cluster.seen('istiods'),
      (one) => `${one.revision} in ${one.namespace}`,
    )) {
      const versions = [...new Set(replicas.flatMap(({ version }) => version ?? []))];
      if (versions.length > 1)
        yield {
          object: `Deployment ${replicas[0]?.namespace}/${istiodName(replicas[0]?.revision)}`,
          evidence: [{ what: `versions of revision ${revision}`, seen: firstFew(versions), expected: 'one' }],
          cause: `The istiods of ${cluster.name} have ${versions.length} versions: ${firstFew(versions)}.`,
        };
    }
  }),
};

const kubernetesSkew: Check = {
  code: 'MP7104',
  title: 'The Kubernetes versions of the clusters are far apart',
  severity: 'info',
  explanation:
    'Istio tests each release with a few minor versions of Kubernetes. These rarely include clusters that are more than three minor versions apart.',
  remedy: 'kubectl --context <cluster> version',
  reference: 'https://istio.io/latest/docs/releases/supported-releases/',
  needs: ['apiServer'],
  run: function* (view) {
    const found = spread(view, ({ apiServer }) => apiServer?.version);
    if (!found || found.apart <= 3) return;
    const { oldest, newest, apart } = found;
    yield {
      cluster: oldest.cluster.name,
      peer: newest.cluster.name,
      object: 'API server',
      evidence: [
        {
          what: 'version of Kubernetes',
          seen: oldest.version,
          expected: `${newest.version} as in ${newest.cluster.name}`,
        },
      ],
      cause: `Kubernetes is ${oldest.version} in ${oldest.cluster.name} and ${newest.version} in ${newest.cluster.name}, ${apart} minor versions apart.`,
    };
  },
};

const meshIds: Check = {
  code: 'MP7401',
  title: 'Clusters have different mesh IDs',
  severity: 'warning',
  explanation:
    'Traffic is not affected: the mesh ID is a label of telemetry. Dashboards and traces that filter by it show one mesh as two.',
  remedy: 'istioctl --context <cluster> install -f <operator.yaml> --set values.global.meshID=<mesh>',
  reference: 'https://istio.io/latest/docs/ops/configuration/mesh/configuration-scoping/',
  needs: ['installs', 'istiods'],
  run: function* (view) {
    const wanted = view.snapshot.declared.meshId;
    const known = fromReadable(view.clusters, (cluster) => {
      const id = cluster.install?.meshId || cluster.settings?.meshId;
      return id ? [{ cluster, id }] : [];
    });
    if (new Set(known.map(({ id }) => id)).size < 2) return;
    for (const { cluster, id } of known)
      if (id !== (known.some((one) => one.id === wanted) ? wanted : known[0]?.id))
        yield {
          cluster: cluster.name,
          object: `ConfigMap ${cluster.systemNamespace}/istio`,
          evidence: [{ what: 'mesh ID', seen: id, expected: wanted }],
          cause: `${cluster.name} has the mesh ID ${id}, but other clusters have another.`,
        };
  },
};

/** Settings that identify a cluster or a replica, and so must differ. */
const identifyingSettings =
  /^(CLUSTER_ID|REVISION|POD_|SERVICE_ACCOUNT|PILOT_TRACE|GOMEMLIMIT|GOMAXPROCS|PLATFORM|KUBECONFIG|INJECTION|ISTIOD_CUSTOM_HOST|.*NETWORK.*)/;

const settingsDiffer: Check = {
  code: 'MP7402',
  title: 'The istiods of two clusters have different settings',
  severity: 'info',
  explanation:
    'Environment variables of istiod, such as PILOT_…, differ between clusters. Some change the configuration of proxies or its timing, so clusters behave differently.',
  remedy:
    'kubectl --context <cluster> -n <namespace> get deployment <name> -o jsonpath="{.spec.template.spec.containers[0].env}"   # in each cluster',
  reference: 'https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars',
  needs: ['installs'],
  run: function* (view) {
    const [first, ...others] = fromReadable(view.primaries, (cluster) =>
      cluster.install ? [{ cluster, env: cluster.install.env }] : [],
    );
    for (const { cluster, env } of first ? others : []) {
      const names = [...new Set([...Object.keys(env), ...Object.keys(first?.env ?? {})])].filter(
        (name) => !identifyingSettings.test(name),
      );
      const different = names.filter((name) => env[name] !== first?.env[name]);
      if (different.length === 0) continue;
      yield {
        cluster: cluster.name,
        peer: first?.cluster.name ?? '',
        object: `Deployment ${cluster.systemNamespace}/${istiodName(cluster.install?.revision)}`,
        evidence: different.slice(0, 3).map((name) => ({
          what: name,
          seen: env[name] ?? 'unset',
          expected: `${first?.env[name] ?? 'unset'} as in ${first?.cluster.name}`,
        })),
        cause: `istiod of ${cluster.name} has other settings than istiod of ${first?.cluster.name}: ${firstFew(different)}.`,
      };
    }
  },
};

export const versionChecks = [istiodSkew, proxySkew, replicasMixed, kubernetesSkew, meshIds, settingsDiffer];
