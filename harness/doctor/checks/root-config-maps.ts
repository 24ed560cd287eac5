import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import type { Evidence } from '../finding.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster, perDataPlane } from '../per-cluster.ts';
import { restartIstiodOf } from '../remedies.ts';
import { isDiscovered, isInjected } from '../selectors.ts';
import { fromReadable } from '../unread.ts';
import { firstFew } from '../format-values.ts';
import type { WorkloadRecord } from '../../snapshot/schema.ts';

/** The ConfigMap with the root by which a proxy verifies istiod; the injected pod mounts it. */
const configMap = 'istio-ca-root-cert';
/** The annotation by which an istiod of another cluster writes the root and the CA bundle of the webhooks (checkShouldLead in istiod). */
const leaders = 'topology.istio.io/controlPlaneClusters';
const reference = 'https://istio.io/latest/docs/setup/install/multicluster/primary-remote/';

/** The workloads of a cluster whose injected pods cannot mount the root, by namespace. Throws NotRead. */
function affectedWorkloads(cluster: ClusterView): Map<string, WorkloadRecord[]> {
  const { pilotCertProvider = 'istiod', env = {} } = cluster.install ?? {};
  // Then the injected pod does not mount the ConfigMap, or mounts one with another name, which the snapshot does not have.
  const hasOther = env['ENABLE_CLUSTER_TRUST_BUNDLE_API'] === 'true' || 'PILOT_CA_CERT_CONFIGMAP' in env;
  if (pilotCertProvider !== 'istiod' || hasOther) return new Map();
  const having = new Set(cluster.whole('roots').map(({ namespace }) => namespace));
  const affected = cluster
    .whole('workloads')
    .filter(
      ({ namespace, wanted, templateLabels, templateAnnotations }) =>
        wanted > 0 &&
        !having.has(namespace) &&
        templateAnnotations['sidecar.istio.io/inject'] !== 'false' &&
        isInjected(cluster, namespace, templateLabels),
    );
  return Map.groupBy(affected, ({ namespace }) => namespace);
}

const isDown = ({ ready }: WorkloadRecord): boolean => ready === 0;

/** Whether not one workload of the cluster that needs the root is up, and no namespace has it. */
const isEverywhere = (cluster: ClusterView, affected: ReadonlyMap<string, WorkloadRecord[]>): boolean =>
  cluster.whole('roots').length === 0 && [...affected.values()].flat().every(isDown);

const missingEverywhere: Check = {
  code: 'MP1120',
  title: 'A cluster does not have the root of the mesh in any namespace',
  severity: 'error',
  explanation:
    'istiod writes the ConfigMap istio-ca-root-cert to each namespace, and pods with a sidecar mount it. Without it, such pods do not start. In a remote cluster, the istiod of a primary writes it only if EXTERNAL_ISTIOD is true for that istiod, and the system namespace of the remote cluster names the cluster of the primary in the annotation topology.istio.io/controlPlaneClusters. The same annotation decides about the CA bundle of the webhooks.',
  remedy: `kubectl --context <cluster> annotate namespace istio-system ${leaders}=<cluster of istiod>`,
  reference,
  needs: ['roots', 'workloads', 'installs', 'webhooks', 'namespaces'],
  explains: { source: ['MP3205'], 'source and subject': ['MP6110'] },
  run: perDataPlane(function* (cluster, view) {
    const affected = affectedWorkloads(cluster);
    if (affected.size === 0 || !isEverywhere(cluster, affected)) return;
    yield {
      ...sightingOf(
        view,
        cluster,
        [...affected.values()].flat(),
        `The namespaces of ${cluster.name} do not have`,
      ),
      ...(cluster.hasIstiod ? {} : { covers: ['writer in another cluster'] }),
    };
  }),
};

const missingInNamespace: Check = {
  code: 'MP1121',
  title: 'A namespace with sidecars does not have the root of the mesh',
  severity: 'error',
  explanation:
    'istiod writes the ConfigMap istio-ca-root-cert to each namespace that it discovers, and pods with a sidecar mount it. Without it, such pods do not start. Either istiod does not discover the namespace, or it may not write ConfigMaps, or the ConfigMap was deleted while istiod was down. If pods of the namespace still run, the finding is a warning: the next pod does not start.',
  remedy: 'kubectl --context <cluster> -n istio-system logs deploy/istiod | grep -i configmap',
  reference: 'https://istio.io/latest/docs/concepts/security/#pki',
  needs: ['roots', 'workloads', 'installs', 'webhooks', 'namespaces', 'istiods'],
  run: perCluster(function* (cluster, view) {
    const affected = affectedWorkloads(cluster);
    if (isEverywhere(cluster, affected)) return;
    for (const [namespace, workloads] of affected) {
      const isSelected = isDiscovered(cluster, namespace);
      const { evidence, ...sighting } = sightingOf(
        ...([view, cluster, workloads, `Namespace ${namespace} of ${cluster.name} does not have`] as const),
      );
      yield {
        ...sighting,
        ...(workloads.some(isDown) ? {} : { severity: 'warning' }),
        object: `Namespace ${namespace}`,
        subject: namespace,
        evidence: isSelected
          ? evidence
          : [...evidence, { what: 'discoverySelectors', seen: `do not select ${namespace}` }],
      };
    }
  }),
};

function sightingOf(
  view: MeshView,
  cluster: ClusterView,
  workloads: readonly WorkloadRecord[],
  start: string,
): Sighting {
  const down = workloads.filter(isDown);
  const names = firstFew((down.length > 0 ? down : workloads).map((one) => `${one.kind} ${keyOf(one)}`));
  const { evidence, reason, remedy } = cluster.hasIstiod
    ? { evidence: [], reason: '', remedy: restartIstiodOf(cluster) }
    : reasonOfRemote(view, cluster);
  const effect = down.length > 0 ? `${names} cannot start pods` : `new pods of ${names} cannot start`;
  return {
    object: `ConfigMap ${workloads[0]?.namespace}/${configMap}`,
    evidence: [
      { what: `ConfigMaps ${configMap} in ${cluster.name}`, seen: cluster.whole('roots').length },
      { what: 'workloads without a pod that is ready', seen: down.length, expected: 0 },
      ...evidence,
    ],
    cause: `${start} the ConfigMap ${configMap}${reason}, so ${effect}.`,
    remedy,
  };
}

/** The reason that the istiod of another cluster does not write the root. */
function reasonOfRemote(
  view: MeshView,
  cluster: ClusterView,
): { evidence: Evidence[]; reason: string; remedy: string } {
  const system = cluster.systemNamespace;
  const annotations = cluster.namespaces.get(system)?.annotations;
  const primaries = view.primaries.map(({ name }) => name);
  const wanted = primaries.join(',');
  const named = annotations?.[leaders];
  const annotate = `kubectl --context <cluster> annotate namespace ${system} --overwrite ${leaders}=${wanted}`;
  const isNamed = (named ?? '').split(',').some((one) => one === '*' || primaries.includes(one));
  if (named === undefined || !isNamed)
    return {
      evidence: [
        {
          what: `annotation ${leaders} of namespace ${system}`,
          seen: annotations ? (named ?? 'none') : 'not in the snapshot',
          expected: wanted,
        },
      ],
      reason: annotations
        ? `, because namespace ${system} does not name the cluster of its istiod in ${leaders}`
        : '',
      remedy: annotate,
    };
  const unwilling = fromReadable(view.primaries, (one) =>
    one.install?.env['EXTERNAL_ISTIOD'] === 'true' ? [] : [one],
  );
  return {
    evidence: unwilling.map((one) => ({
      what: `EXTERNAL_ISTIOD of istiod in ${one.name}`,
      seen: one.install?.env['EXTERNAL_ISTIOD'] ?? 'not set',
      expected: 'true',
    })),
    reason:
      unwilling.length > 0
        ? `, because istiod of ${firstFew(unwilling.map(({ name }) => name))} does not write it`
        : '',
    remedy: unwilling
      .map(
        (one) =>
          `istioctl --context ${one.name} install -f <operator.yaml> --set values.global.externalIstiod=true`,
      )
      .concat(unwilling.length > 0 ? [] : [annotate])
      .join('\n'),
  };
}

export const rootConfigMapChecks = [missingEverywhere, missingInNamespace];
