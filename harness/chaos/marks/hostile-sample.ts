/**
 * Leftovers that somebody plants in a cluster who may write ConfigMaps, Secrets, labels and annotations, and hopes that a heal
 * with more rights believes them. The unit tests and the end-to-end test plant the same ones.
 */
import type { KubernetesObject } from '@kubernetes/client-node';
import { signatureAnnotation, type MarkKind } from '../../mesh/mark-signature.ts';

/** Where the leftovers are planted. */
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

const attacker = 'system:serviceaccount:default:attacker';
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

const grant = (kind: 'ClusterRole' | 'ClusterRoleBinding') =>
  kind === 'ClusterRole'
    ? { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] }
    : {
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: attacker.split(':').at(-1) }],
      };

function keptObjectLeftovers({ rootNamespace: root, foreign, node }: Places): Leftover[] {
  const rbacObject = (kind: 'ClusterRole' | 'ClusterRoleBinding') =>
    before(`${rbac}/v1`, kind, 'meshproof-hostile', undefined, grant(kind));
  const spec = { type: 'Opaque', data: { token: 'eA==' } };
  const copies: [string, string, unknown, RegExp][] = [
    [
      'a ClusterRoleBinding to cluster-admin',
      'hostile1',
      [rbacObject('ClusterRoleBinding')],
      /only the local journal restores a ClusterRoleBinding/,
    ],
    [
      'a ClusterRole',
      'hostile2',
      [rbacObject('ClusterRole')],
      /only the local journal restores a ClusterRole\b/,
    ],
    [
      'a Namespace that is to be deleted',
      'hostile3',
      [before('v1', 'Namespace', foreign, undefined, null)],
      /only the local journal restores a Namespace/,
    ],
    [
      'a Secret of kube-system',
      'hostile4',
      [before('v1', 'Secret', 'hostile', 'kube-system', spec)],
      /only the local journal restores a Secret/,
    ],
    [
      'a Deployment of another namespace',
      'hostile5',
      [before('apps/v1', 'Deployment', 'hostile', foreign, { spec: {} })],
      /faults act in the namespaces/,
    ],
    [
      'a Node',
      'hostile6',
      [before('v1', 'Node', node, undefined, null)],
      /only the local journal restores a Node/,
    ],
    [
      'a Deployment that is to be deleted',
      'hostile7',
      [before('apps/v1', 'Deployment', 'istiod', root, null)],
      /no signature of this machine/,
    ],
    ['text that is not JSON', 'hostile8', '{"'.repeat(50), /in a shape that can be read/],
    ['objects nested 100,000 deep', 'hostile9', '['.repeat(100_000), /in a shape that can be read/],
    [
      'another object than its header says',
      'hostile0',
      [{ ...rbacObject('ClusterRoleBinding'), header: before('v1', 'ConfigMap', 'istio', root).header }],
      /is another object/,
    ],
  ];
  return copies.map(([title, id, objects, reported]) => ({
    title: `a ConfigMap with ${title}`,
    create: keptObjects(root, id, objects),
    reported,
  }));
}

function secretLeftovers({ rootNamespace: namespace, workloads }: Places): Leftover[] {
  const secret = (name: string, labels: object, annotations: object) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data: { 'ca-cert.pem': 'aG9zdGlsZQ==' } },
    metadata: { namespace, name, labels: { ...labels }, annotations: { ...annotations } },
  });
  const head = (type: string) => JSON.stringify({ type, labels: {}, annotations: {} });
  return [
    {
      title: 'a copy of cacerts with the hash of what it holds now',
      create: secret(
        'meshproof-kept-cacerts',
        { 'meshproof.dev/kept': 'cacerts' },
        {
          'meshproof.dev/kept-head': head('Opaque'),
          'meshproof.dev/written': '0123456789abcdef',
        },
      ),
      reported:
        /kept-cacerts asks to write what it holds into Secret \S+cacerts: not done, because it has no signature/,
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

function annotationLeftovers({
  rootNamespace: namespace,
  foreign,
  deployment,
  node,
  pod,
  workloads,
}: Places): Leftover[] {
  const onDeployment = (name: string, annotations: Record<string, string>) => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name, annotations } },
  });
  return [
    {
      title: 'a label of a test on a namespace of others',
      mark: {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: foreign, labels: { 'meshproof.dev/scope': 'test' } },
      },
      reported: /no mark has a namespace deleted/,
    },
    {
      title: 'a label of a test on a Deployment of others',
      mark: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace, name: deployment, labels: { 'meshproof.dev/scope': 'test' } },
      },
      reported: new RegExp(
        `Deployment ${namespace}/${deployment} asks to delete it as an object of a test: not done`,
      ),
    },
    {
      title: 'a number of pods on istiod',
      mark: onDeployment('istiod', {
        'meshproof.dev/replicas-before': '0',
        'meshproof.dev/replicas-set': '1 2 3',
      }),
      reported: /istiod asks to scale it to "0" pods: not done, because it has no signature/,
    },
    {
      title: 'a number of pods that is not a number on a Deployment of others',
      mark: onDeployment(deployment, {
        'meshproof.dev/replicas-before': 'NaN',
        'meshproof.dev/replicas-set': '1',
      }),
      reported: /asks to scale it to "NaN" pods: not done, because that is not a number of pods/,
    },
    {
      title: 'a readiness of istiod that is not JSON',
      mark: onDeployment('istiod', { 'meshproof.dev/readiness-before': '{"container":\u001b[31m' }),
      reported:
        /istiod asks to set the readiness probe of its template to .*: not done, because that does not name/,
    },
    {
      title: 'a readiness with another container',
      mark: onDeployment(deployment, {
        'meshproof.dev/readiness-before': '{"container":"evil","initialDelaySeconds":1}',
      }),
      reported: /does not name a readiness probe of its template/,
    },
    {
      title: 'a region on a node',
      mark: {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: node, annotations: { 'meshproof.dev/region-before': 'hostile' } },
      },
      reported: /Node \S+ asks to set its region to "hostile": not done, because it has no signature/,
    },
    {
      title: 'a label of a sick pod on a pod of others',
      mark: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: workloads, name: pod, labels: { 'meshproof.dev/sick': 'true' } },
      },
      reported: /Pod \S+ asks to clear the settings of its Envoy: not done, because it has no signature/,
    },
  ];
}

/** All leftovers that carry no signature of any machine. */
export const hostileLeftovers = (places: Places): Leftover[] => [
  ...keptObjectLeftovers(places),
  ...secretLeftovers(places),
  ...annotationLeftovers(places),
];

/** The signature of a genuine mark, to be moved to where it was not made for. */
export const movedSignature = (mark: MarkKind, genuine: KubernetesObject): Record<string, string> => ({
  [signatureAnnotation(mark)]: genuine.metadata?.annotations?.[signatureAnnotation(mark)] ?? 'none',
});
