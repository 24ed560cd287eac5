import type { Evidence } from '../finding.ts';
import { firstFew } from '../format-values.ts';
import type { Install } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import { controlPlaneOf } from '../facts/proxies-of-meshes.ts';
import type { MeshView } from '../mesh-view.ts';
import { perPrimary } from '../per-cluster.ts';
import { istiodName } from '../remedies.ts';
import { matches } from '../selectors.ts';
import { separately } from '../unread.ts';

const revisionsDocs = 'https://istio.io/latest/docs/setup/upgrade/canary/';

const notThere: Check = {
  code: 'MP2121',
  title: 'A cluster does not have the control plane that the mesh file names',
  severity: 'error',
  explanation:
    'The mesh file names a root namespace, but the control plane of the cluster is in another namespace. Or the mesh file says that the cluster is a primary, but istiod is not installed. Checks that need the control plane do not judge the cluster: another control plane may belong to another mesh.',
  remedy:
    'kubectl --context <cluster> get deployments --all-namespaces -l app=istiod   # then correct the mesh file, or install istiod',
  reference: 'https://istio.io/latest/docs/setup/install/multiple-controlplanes/',
  needs: ['installs'],
  explains: { cluster: ['MP2123', 'MP6106', 'MP6110'] },
  run: function* (view) {
    yield* inOtherNamespace(view);
    yield* separately(view.clusters, function* (cluster) {
      const { declared } = cluster;
      if (!declared || declared.role === 'remote' || declared.undeclared?.includes('role')) return;
      if (cluster.whole('installs').some(({ istiod }) => istiod)) return;
      yield {
        cluster: cluster.name,
        object: `Namespace ${cluster.systemNamespace}`,
        evidence: [{ what: 'Deployments of istiod', seen: 0, expected: 1 }],
        cause: `The mesh file says that ${cluster.name} is ${declared.role === 'primary' ? 'a primary' : 'the cluster of an external control plane'}, but it does not have an istiod in ${cluster.systemNamespace}.`,
      };
    });
  },
};

/** One sighting about the mesh file for all clusters whose control planes are in the same namespaces. */
function* inOtherNamespace(view: MeshView): Iterable<Sighting> {
  const { rootNamespace } = view.snapshot.declared;
  const places = [...view.misplaced].map(([cluster, installs]) => ({
    cluster,
    seen: firstFew([...new Set(installs.map(({ namespace }) => namespace))]),
  }));
  for (const [seen, group] of Map.groupBy(places, (one) => one.seen)) {
    const names = group.map(({ cluster }) => cluster);
    yield {
      object: `Namespace ${rootNamespace}`,
      evidence: [{ what: 'namespace of the control plane', seen, expected: rootNamespace }],
      cause: `The mesh file names the root namespace ${rootNamespace}, but the ${names.length > 1 ? `control planes of ${names.join(' and ')} are` : `control plane of ${names[0]} is`} in ${seen}.`,
      remedy: `kubectl --context ${names[0]} get deployments --all-namespaces -l app=istiod   # then write rootNamespace: ${seen} into the mesh file`,
    };
  }
}

const twice: Check = {
  code: 'MP2120',
  title: 'A cluster has two istiods of one revision in two namespaces',
  severity: 'warning',
  explanation:
    'The webhooks of both control planes ask for the same label, so either of them may inject new pods. Both write the root certificates of all namespaces that they discover. Only the control plane that the mesh file names is judged. It is an info if the other webhooks do not select a namespace of this mesh.',
  remedy: 'kubectl --context <cluster> get deployments --all-namespaces -l app=istiod',
  reference: 'https://istio.io/latest/docs/setup/install/multiple-controlplanes/',
  needs: ['installs', 'namespaces', 'pods'],
  run: perPrimary(function* (cluster) {
    const own = cluster.revisions;
    for (const other of cluster.others?.installs ?? []) {
      const same = own.find(({ revision }) => revision === other.revision);
      if (!same?.istiod || !other.istiod) continue;
      const shared = sharedNamespaces(cluster);
      yield {
        severity: shared.length > 0 ? 'warning' : 'info',
        object: `Deployment ${other.namespace}/${istiodName(other.revision)}`,
        evidence: [
          { what: `namespaces with an istiod of revision ${other.revision}`, seen: 2, expected: 1 },
          ...(shared.length > 0
            ? [
                {
                  what: `namespaces of this mesh that the webhook of ${other.namespace} selects`,
                  seen: firstFew(shared),
                },
              ]
            : []),
        ],
        cause: `${cluster.name} has istiods of revision ${other.revision} in ${same.namespace} and in ${other.namespace}; only ${same.namespace} is judged.`,
        remedy: `kubectl --context <cluster> -n ${other.namespace} get deployment ${istiodName(other.revision)} -o yaml   # remove this control plane, or install it with another revision`,
      };
    }
  }),
};

/** The namespaces with sidecars of this mesh that webhooks of another mesh select. */
const sharedNamespaces = (cluster: ClusterView): string[] =>
  [...cluster.namespaces.values()].flatMap(({ name, labels }) => {
    const isSelected = cluster.others?.webhooks.some(
      (one) => matches(one.namespaceSelector, labels) && matches(one.objectSelector, {}),
    );
    return isSelected && cluster.pods.in(name).some(({ sidecar }) => sidecar) ? [name] : [];
  });

/** The fields that all revisions of a control plane share, and whether its proxies fail if they differ. */
const identity = [
  { what: 'clusterName', of: ({ clusterName }: Install) => clusterName, breaks: true },
  { what: 'network', of: ({ network }: Install) => network, breaks: true },
  { what: 'trust domain', of: ({ settings }: Install) => settings?.trustDomain, breaks: false },
  { what: 'mesh ID', of: ({ meshId }: Install) => meshId, breaks: false },
] as const;

const revisionsDiffer: Check = {
  code: 'MP2122',
  title: 'Revisions of istiod in one cluster have different names, networks or trust domains',
  severity: 'error',
  explanation:
    'Revisions in one namespace are one control plane. With another clusterName or network, the proxies of a revision are counted to another cluster: they get other endpoints and other gateways. Usually a revision was installed without the settings of the running one. It is an info if the revision does not have proxies yet.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --revision <revision> --set values.global.multiCluster.clusterName=<cluster>',
  reference: revisionsDocs,
  needs: ['installs', 'istiods'],
  explains: { cluster: ['MP2119', 'MP3112'] },
  run: perPrimary(function* (cluster) {
    const [main, ...others] = [...cluster.revisions].toSorted(
      (a, b) => proxiesOf(cluster, b) - proxiesOf(cluster, a),
    );
    if (!main?.istiod) return;
    for (const other of others) {
      const different = identity.filter(({ of }) => {
        const [a, b] = [of(main), of(other)];
        return a !== undefined && b !== undefined && a !== b;
      });
      if (different.length === 0) continue;
      const proxies = proxiesOf(cluster, other);
      const breaks = different.some((one) => one.breaks);
      yield {
        severity: proxies === 0 ? 'info' : breaks ? 'error' : 'warning',
        object: `Deployment ${other.namespace}/${istiodName(other.revision)}`,
        evidence: [
          ...different.map(({ what, of }): Evidence => ({
            what,
            seen: of(other) ?? '',
            expected: of(main) ?? '',
          })),
          { what: `proxies of revision ${other.revision}`, seen: proxies },
        ],
        cause: `Revisions ${main.revision} and ${other.revision} of ${cluster.name} have another ${firstFew(different.map(({ what }) => what))}.`,
        remedy: `istioctl --context <cluster> install -f <operator.yaml> --revision ${other.revision} --set values.global.multiCluster.clusterName=${main.clusterName ?? cluster.name} --set values.global.network=${main.network ?? ''} --set values.global.meshID=${main.meshId ?? ''}`,
      };
    }
  }),
};

/** The proxies that are connected to a revision, as far as its pages were read. */
const proxiesOf = (cluster: ClusterView, { namespace, revision }: Install): number =>
  cluster
    .seen('istiods')
    .filter((one) => one.namespace === namespace && one.revision === revision)
    .reduce((sum, { connected = [] }) => sum + connected.length, 0);

const noneReady: Check = {
  code: 'MP2206',
  title: 'A cluster does not have a ready istiod',
  severity: 'error',
  explanation:
    'Without istiod, running proxies keep their configuration. New pods do not start, certificates are not renewed, and proxies do not learn of changes in any cluster. Each revision is judged by itself; a revision without proxies is not needed.',
  remedy:
    'kubectl --context <cluster> -n <namespace> get pods -l app=istiod\nkubectl --context <cluster> -n <namespace> logs deploy/<name> --previous',
  reference: 'https://istio.io/latest/docs/ops/deployment/architecture/#istiod',
  needs: ['installs', 'pods', 'workloads'],
  explains: { cluster: ['MP1111', 'MP2208', 'MP2123', 'MP6106'] },
  run: perPrimary(function* (cluster) {
    const { revisions } = cluster;
    for (const { namespace, revision } of revisions) {
      const isOf = (labels: Readonly<Record<string, string>>) =>
        labels['app'] === 'istiod' &&
        (revisions.length === 1 || (labels['istio.io/rev'] ?? 'default') === revision);
      const pods = cluster.pods.in(namespace).filter(({ labels }) => isOf(labels));
      if (pods.some(({ ready }) => ready)) continue;
      if (revisions.length > 1 && !isUsed(cluster, revision)) continue;
      const deployment = cluster
        .seen('workloads')
        .find((one) => one.namespace === namespace && one.kind === 'Deployment' && isOf(one.templateLabels));
      const name = deployment?.name ?? istiodName(revision);
      const isStopped = deployment?.wanted === 0;
      const of = revisions.length > 1 ? ` of revision ${revision}` : '';
      yield {
        object: `Deployment ${namespace}/${name}`,
        // An istiod that was stopped does not need another cause.
        ...(pods.length > 0 ? { subject: 'istiod that does not start' } : {}),
        evidence: isStopped
          ? [{ what: 'replicas of the Deployment', seen: 0, expected: 'at least 1' }]
          : [{ what: 'istiods that are ready', seen: 0, expected: Math.max(1, pods.length) }],
        cause: isStopped
          ? `istiod${of} of ${cluster.name} is stopped: the Deployment ${namespace}/${name} has 0 replicas.`
          : `0 of the ${pods.length} istiod pods${of} of ${cluster.name} are ready.`,
        ...(isStopped
          ? { remedy: `kubectl --context <cluster> -n ${namespace} scale deployment ${name} --replicas=1` }
          : {}),
      };
    }
  }),
};

/** Whether pods of a cluster were injected for a revision. */
const isUsed = (cluster: ClusterView, revision: string): boolean =>
  cluster
    .whole('pods')
    .some((pod) => pod.proxy && controlPlaneOf(pod, cluster.revisions)?.revision === revision);

export const controlPlaneChecks = [notThere, twice, revisionsDiffer, noneReady];
