/**
 * Leftovers that an attacker plants, who may write ConfigMaps, Secrets, labels and annotations, and who wants a heal
 * with more rights to use them. The unit tests and the end-to-end test plant the same leftovers.
 */
import type { KubernetesObject, V1ObjectMeta } from '@kubernetes/client-node';
import { signatureAnnotation, type MarkKind } from '../../mesh/mark-signature.ts';
import { testScope } from '../../workloads/apply.ts';

/** The places of the leftovers. */
export interface Places {
  rootNamespace: string;
  /** The namespace of meshproof's workloads. */
  workloads: string;
  /** A namespace that belongs to another team. */
  foreign: string;
  /** A Deployment of the root namespace that belongs to another team. */
  deployment: string;
  node: string;
  /** A pod of the workloads' namespace. */
  pod: string;
}

/** An object to create, or labels and annotations to write on one that is there. */
export interface Leftover {
  title: string;
  create?: KubernetesObject & Record<string, unknown>;
  mark?: KubernetesObject;
  /** A part of the line that reports it. */
  reported: RegExp;
}

const rbac = 'rbac.authorization.k8s.io';
const before = (
  apiVersion: string,
  kind: string,
  name: string,
  namespace?: string,
  rest?: object | null,
) => ({
  header: { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) },
  object:
    rest === null
      ? null
      : { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...rest },
});

/** A ConfigMap that claims to hold objects as they were before a fault. */
const keptObjects = (namespace: string, id: string, objects: unknown, written?: object) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap' },
  metadata: {
    ...{ namespace, name: `meshproof-kept-objects-${id}` },
    labels: { 'meshproof.dev/kept-objects': id },
  },
  data: {
    at: '2026-11-30T00:00:00Z',
    'objects.json': typeof objects === 'string' ? objects : JSON.stringify(objects),
    ...(written ? { 'written.json': JSON.stringify(written) } : {}),
  },
});

const binding = before(`${rbac}/v1`, 'ClusterRoleBinding', 'meshproof-hostile', undefined, {
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'attacker' }],
});
const role = before(`${rbac}/v1`, 'ClusterRole', 'meshproof-hostile', undefined, {
  rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
});

/** The title, the digit of the id, the content of the ConfigMap, and the report. */
type Copy = [title: string, digit: number, objects: unknown, reported: RegExp];

const toCopies = (rootNamespace: string, copies: readonly Copy[]): Leftover[] =>
  copies.map(([title, digit, objects, reported]) => ({
    title: `a ConfigMap with ${title}`,
    create: keptObjects(rootNamespace, `hostile${digit}`, objects),
    reported,
  }));

/** Objects that only the local journal restores, whoever signed the mark. */
function outOfScopeCopies({ rootNamespace, foreign, node }: Places): Leftover[] {
  const only = (kind: string) => new RegExp(`only the local journal restores a ${kind}\\. `);
  const deleted = (kind: string, name: string) => [before('v1', kind, name, undefined, null)];
  const secret = before('v1', 'Secret', 'hostile', 'kube-system', { type: 'Opaque' });
  const deployment = before('apps/v1', 'Deployment', 'hostile', foreign, { spec: {} });
  return toCopies(rootNamespace, [
    ['a ClusterRoleBinding to cluster-admin', 1, [binding], only('ClusterRoleBinding')],
    ['a ClusterRole', 2, [role], only('ClusterRole')],
    ['a Namespace that is to be deleted', 3, deleted('Namespace', foreign), only('Namespace')],
    ['a Secret of kube-system', 4, [secret], only('Secret')],
    ['a Node that is to be deleted', 5, deleted('Node', node), only('Node')],
    ['a Deployment of another namespace', 6, [deployment], /faults act in the namespaces/],
  ]);
}

function unsignedCopies({ rootNamespace }: Places): Leftover[] {
  const istiod = before('apps/v1', 'Deployment', 'istiod', rootNamespace, null);
  const { header } = before('v1', 'ConfigMap', 'istio', rootNamespace);
  return toCopies(rootNamespace, [
    ['a Deployment that is to be deleted', 7, [istiod], /no signature of this machine/],
    ['text that is not JSON', 8, '{"'.repeat(50), /in a shape that can be read/],
    ['objects nested 100,000 deep', 9, '['.repeat(100_000), /in a shape that can be read/],
    ['another object than its header says', 0, [{ ...binding, header }], /holds another object as/],
  ]);
}

function secretLeftovers({ rootNamespace: namespace, workloads }: Places): Leftover[] {
  const secret = (name: string, labels: object, annotations: object) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data: { 'ca-cert.pem': 'aG9zdGlsZQ==' } },
    metadata: { namespace, name, labels: { ...labels }, annotations: { ...annotations } },
  });
  const head = (type: string) => JSON.stringify({ type, labels: {}, annotations: {} });
  return [
    {
      title: 'a copy of cacerts with a forged hash',
      create: secret(
        'meshproof-kept-cacerts',
        { 'meshproof.dev/kept': 'cacerts' },
        {
          'meshproof.dev/kept-head': head('Opaque'),
          'meshproof.dev/written': '0123456789abcdef',
        },
      ),
      reported:
        /kept-cacerts asks to write its data into Secret \S+cacerts: not done, because it has no signature/,
    },
    {
      title: 'a copy of a token Secret that is to be created',
      create: secret(
        'meshproof-kept-token',
        { 'meshproof.dev/kept': 'token' },
        {
          'meshproof.dev/kept-head': head('kubernetes.io/service-account-token'),
        },
      ),
      reported: /kept-token .* not Opaque/,
    },
    {
      title: 'a Secret that claims to be a revoked remote secret',
      create: secret('hostile-remote', {}, { 'meshproof.dev/revoked': 'abcdefgh' }),
      reported: /hostile-remote asks to label it istio\/multiCluster=true.* no signature/,
    },
    {
      title: 'the label of an issued token on a Secret of others',
      create: {
        ...secret('hostile-issued', { 'meshproof.dev/issued': 'true' }, {}),
        metadata: {
          namespace: workloads,
          name: 'hostile-issued',
          labels: { 'meshproof.dev/issued': 'true' },
        },
      },
      reported:
        /hostile-issued asks to delete it as a token of a fault: not done, because it has no signature/,
    },
  ];
}

function deploymentLeftovers({ rootNamespace: namespace, deployment }: Places): Leftover[] {
  const on = (name: string, metadata: Pick<V1ObjectMeta, 'labels' | 'annotations'>) => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name, ...metadata } },
  });
  const annotated = (name: string, mark: string, value: string) =>
    on(name, { annotations: { [`meshproof.dev/${mark}`]: value } });
  return [
    {
      title: 'the label of a test on a Deployment of others',
      mark: on(deployment, { labels: testScope }),
      reported: new RegExp(
        `Deployment ${namespace}/${deployment} asks to delete it as an object of a test: not`,
      ),
    },
    {
      title: 'a number of pods on istiod',
      mark: annotated('istiod', 'replicas-before', '0'),
      reported: /istiod asks to scale it to "0" pods: not done, because it has no signature/,
    },
    {
      title: 'a number of pods that is not a number on a Deployment of others',
      mark: annotated(deployment, 'replicas-before', 'NaN'),
      reported: /asks to scale it to "NaN" pods: not done, because that is not a number of pods/,
    },
    {
      title: 'a readiness of istiod that is not JSON',
      mark: annotated('istiod', 'readiness-before', '{"container":\u001b[31m'),
      reported:
        /istiod asks to set the readiness probe of its template to .*: not done, because that does not/,
    },
    {
      title: 'a readiness with another container',
      mark: annotated(deployment, 'readiness-before', '{"container":"evil","initialDelaySeconds":1}'),
      reported: new RegExp(
        `${deployment} asks to set the readiness probe .*: not done, because that does not`,
      ),
    },
  ];
}

function otherLeftovers({ foreign, node, pod, workloads: namespace }: Places): Leftover[] {
  return [
    {
      title: 'the label of a test on a namespace of others',
      mark: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: foreign, labels: testScope } },
      reported: /a mark never deletes a namespace/,
    },
    {
      title: 'a region on a node',
      mark: {
        ...{ apiVersion: 'v1', kind: 'Node' },
        metadata: { name: node, annotations: { 'meshproof.dev/region-before': 'hostile' } },
      },
      reported: /Node \S+ asks to set its region to "hostile": not done, because it has no signature/,
    },
    {
      title: 'the label of an unhealthy pod on a pod of others',
      mark: {
        ...{ apiVersion: 'v1', kind: 'Pod' },
        metadata: { namespace, name: pod, labels: { 'meshproof.dev/sick': 'true' } },
      },
      reported: /Pod \S+ asks to clear the settings of its Envoy: not done, because it has no signature/,
    },
  ];
}

/** All leftovers without a signature of a machine. */
export const hostileLeftovers = (places: Places): Leftover[] => [
  ...outOfScopeCopies(places),
  ...unsignedCopies(places),
  ...secretLeftovers(places),
  ...deploymentLeftovers(places),
  ...otherLeftovers(places),
];

/** The signature of a genuine mark, for a move to another object. */
export const movedSignature = (mark: MarkKind, genuine: KubernetesObject): Record<string, string> => ({
  [signatureAnnotation(mark)]: genuine.metadata?.annotations?.[signatureAnnotation(mark)] ?? 'none',
});
