import type {
  V1ConfigMap,
  V1DaemonSet,
  V1Deployment,
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from '@kubernetes/client-node';
import { z } from 'zod';
import type { KubeReader } from '../kube/kube-reader.ts';
import type { CertificateBook } from './certificate-book.ts';
import { itemsOf, type Gaps } from './gaps.ts';
import { installsOf } from './installs.ts';
import type { Hash } from './kept.ts';
import { namespaceRecord, nodeRecord, serviceRecord, workloadRecord } from './kubernetes-records.ts';
import { podRecord } from './pod-record.ts';
import { readResources } from './resources.ts';
import type { ClusterSnapshot, Source } from './schema.ts';
import { rootConfigMap as rootShape } from './shape-istio.ts';
import * as shapes from './shape-kubernetes.ts';
import { webhookRecords } from './webhooks.ts';

/** The parts of a cluster that its API server lists. */
export type Lists = Pick<
  ClusterSnapshot,
  | 'namespaces'
  | 'services'
  | 'pods'
  | 'workloads'
  | 'nodes'
  | 'serviceAccounts'
  | 'resourceKinds'
  | 'resources'
  | 'roots'
  | 'webhooks'
  | 'installs'
> & { kubernetes: string | undefined };

const rootConfigMap = 'istio-ca-root-cert';

/** The paths that are listed in every namespace, with the part of the snapshot that each makes. The doctor's rights follow from it. */
export const listed = {
  namespaces: { part: 'namespaces', path: '/api/v1/namespaces' },
  services: { part: 'services', path: '/api/v1/services' },
  pods: { part: 'pods', path: '/api/v1/pods' },
  nodes: { part: 'nodes', path: '/api/v1/nodes' },
  accounts: { part: 'serviceAccounts', path: '/api/v1/serviceaccounts' },
  roots: { part: 'roots', path: `/api/v1/configmaps?fieldSelector=metadata.name%3D${rootConfigMap}` },
  webhooks: {
    part: 'webhooks',
    path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  },
  deployments: { part: 'workloads', path: '/apis/apps/v1/deployments' },
  statefulSets: { part: 'workloads', path: '/apis/apps/v1/statefulsets' },
  daemonSets: { part: 'workloads', path: '/apis/apps/v1/daemonsets' },
  istioConfigMaps: { part: 'installs', path: '/api/v1/configmaps?labelSelector=istio.io%2Frev' },
} as const satisfies Record<string, { part: Source; path: string }>;

/** The same in the root namespace alone. */
export const rootConfigMapsPath = (rootNamespace: string): string =>
  `/api/v1/namespaces/${rootNamespace}/configmaps`;
const anyObject = z.looseObject({});

/** Reads all lists of the API server of a cluster, concurrently. A refused list, or an unexpected item, is a gap. */
export async function readLists(
  reader: KubeReader,
  rootNamespace: string,
  { book, hash }: { book: CertificateBook; hash: Hash },
  gaps: Gaps,
): Promise<Lists> {
  const list: List = async <T extends object>({ part, path }: Listed, of?: string): Promise<T[]> => {
    const items = await gaps.attempt(part, async () => itemsOf(await reader.get(path)), [], of);
    return gaps.records(part, items, anyObject, (item) => item) as T[];
  };
  const deployments = list<V1Deployment>(listed.deployments, 'Deployment');
  const [version, core, configMaps, workloads, resources] = await Promise.all([
    gaps.attempt('apiServer', () => reader.get<{ gitVersion?: unknown } | null>('/version'), undefined),
    readCore(list, book, gaps),
    readConfigMaps(list, rootNamespace),
    readWorkloads(list, deployments, gaps),
    readResources(reader, gaps, hash),
  ]);
  return {
    kubernetes: typeof version?.gitVersion === 'string' ? version.gitVersion : undefined,
    ...core,
    workloads,
    resourceKinds: resources.kinds,
    resources: resources.resources,
    installs: installsOf({ deployments: await deployments, configMaps, hash }, book, gaps),
  };
}

type CoreLists = Pick<
  Lists,
  'namespaces' | 'services' | 'pods' | 'nodes' | 'serviceAccounts' | 'roots' | 'webhooks'
>;

/** The namespaces of Kubernetes itself. */
async function readCore(list: List, book: CertificateBook, gaps: Gaps): Promise<CoreLists> {
  const [namespaces, services, pods, nodes, accounts, roots, webhooks] = await Promise.all([
    list<V1Namespace>(listed.namespaces),
    list<V1Service>(listed.services),
    list<V1Pod>(listed.pods),
    list<V1Node>(listed.nodes),
    list<V1ServiceAccount>(listed.accounts),
    list<V1ConfigMap>(listed.roots),
    list<V1MutatingWebhookConfiguration>(listed.webhooks),
  ]);
  return {
    namespaces: gaps.records('namespaces', namespaces, shapes.namespace, namespaceRecord),
    services: gaps.records('services', services, shapes.service, serviceRecord),
    pods: gaps.records('pods', pods, shapes.pod, podRecord),
    nodes: gaps.records('nodes', nodes, shapes.node, nodeRecord),
    serviceAccounts: gaps.records('serviceAccounts', accounts, shapes.serviceAccount, namesOf),
    roots: gaps.records('roots', roots, rootShape, (one) => ({
      ...namesOf(one),
      roots: book.read(one.data?.['root-cert.pem']).chain,
    })),
    webhooks: gaps
      .records('webhooks', webhooks, z.array(shapes.webhook), (one) => webhookRecords(one, book))
      .flat(),
  };
}

const namesOf = ({ metadata }: { metadata?: V1ObjectMeta }) => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
});

interface Listed {
  part: Source;
  path: string;
}
type List = <T extends object>(what: Listed, of?: string) => Promise<T[]>;

async function readWorkloads(
  list: List,
  deployments: Promise<V1Deployment[]>,
  gaps: Gaps,
): Promise<Lists['workloads']> {
  const [first, stateful, daemons] = await Promise.all([
    deployments,
    list<V1StatefulSet>(listed.statefulSets, 'StatefulSet'),
    list<V1DaemonSet>(listed.daemonSets, 'DaemonSet'),
  ]);
  const records = (kind: string, all: readonly Parameters<typeof workloadRecord>[1][]) =>
    gaps.records('workloads', all, shapes.workload, (one) => workloadRecord(kind, one));
  return [
    ...records('Deployment', first),
    ...records('StatefulSet', stateful),
    ...records('DaemonSet', daemons),
  ];
}

/** Those of Istio: by their label in every namespace, and all of the root namespace, where one may lack it. */
async function readConfigMaps(list: List, rootNamespace: string): Promise<V1ConfigMap[]> {
  const [labelled, root] = await Promise.all([
    list<V1ConfigMap>(listed.istioConfigMaps, 'ConfigMaps'),
    list<V1ConfigMap>(
      { part: 'installs', path: rootConfigMapsPath(rootNamespace) },
      `ConfigMaps of ${rootNamespace}`,
    ),
  ]);
  const all = [...labelled, ...root].map(
    (one) => [`${one.metadata?.namespace}/${one.metadata?.name}`, one] as const,
  );
  return [...new Map(all).values()];
}
