import type { V1Secret } from '@kubernetes/client-node';
import { deleteIfThere } from '../../kube/cluster-api.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { isSigned, signatureAnnotation } from '../../mesh/mark-signature.ts';
import { revokedAnnotation, setRevoked } from '../discovery/remote-secret-revoked.ts';
import { remoteLabel } from '../discovery/remote-secrets.ts';
import { issuedLabel, secretHeader } from '../issued-secret.ts';
import {
  isOwnCopy,
  keptHeadAnnotation,
  keptLabel,
  keptName,
  restoreFromCopy,
  secretHeadSchema,
} from '../kept-secret.ts';
import { kubectl, kubectlObject, kubectlUnmark, shown, objectName, type Mark } from './mark.ts';

/** The marks of the Secrets of the root namespace: remote secrets without their label, and copies of changed Secrets. */
export async function secretMarks(cluster: MeshCluster, namespace: string): Promise<Mark[]> {
  const { items } = await cluster.api.core.listNamespacedSecret({ namespace });
  const marks = items.map(async (secret) => [
    ...(await revokedMarks(cluster, namespace, secret)),
    ...(await keptMarks(cluster, namespace, secret, items)),
  ]);
  return (await Promise.all(marks)).flat();
}

async function revokedMarks(cluster: MeshCluster, namespace: string, secret: V1Secret): Promise<Mark[]> {
  const { name = '', annotations } = secret.metadata ?? {};
  const by = annotations?.[revokedAnnotation];
  if (by === undefined) return [];
  const object = secretHeader({ namespace, name });
  const label = Object.entries(remoteLabel).map((pair) => pair.join('='));
  const mark: Mark = {
    ...{
      cluster: cluster.name,
      object: objectName(object),
      asks: `label it ${label.join()}, as a remote secret`,
    },
    isSigned: await isSigned(annotations, cluster, 'revoked', object, [by]),
    change: () => Promise.resolve(`${objectName(object)}: not a remote secret → label ${label.join()}`),
    toDo: kubectl(cluster, 'label', ...kubectlObject(object), ...label),
    toDelete: kubectlUnmark(cluster, 'annotate', object, [revokedAnnotation, signatureAnnotation('revoked')]),
    act: async () => {
      await setRevoked(cluster, namespace, name, null);
      return `${cluster.name}: restored the label of Secret ${namespace}/${name}`;
    },
  };
  return [mark];
}

async function keptMarks(
  cluster: MeshCluster,
  namespace: string,
  copy: V1Secret,
  all: readonly V1Secret[],
): Promise<Mark[]> {
  const of = copy.metadata?.labels?.[keptLabel];
  if (of === undefined) return [];
  const object = secretHeader({ namespace, name: copy.metadata?.name ?? '' });
  const secret = secretHeader({ namespace, name: of });
  const now = all.find(({ metadata }) => metadata?.name === of);
  const isOwn = await isOwnCopy(cluster, namespace, of, copy);
  const mark: Mark = {
    ...{
      cluster: cluster.name,
      object: objectName(object),
      asks: `write its data into ${objectName(secret)}`,
    },
    isSigned: isOwn,
    problem: isOwn ? undefined : problemOf(copy, of),
    change: () => Promise.resolve(`${objectName(secret)}: ${dataSummary(now)} → ${dataSummary(copy)}`),
    toDelete: kubectl(cluster, 'delete', ...kubectlObject(object)),
    act: async () => {
      await restoreFromCopy(cluster, namespace, of, copy);
      return `${cluster.name}: restored the data of Secret ${namespace}/${of}`;
    },
  };
  return [mark];
}

/**
 * A copy with another name is not found by its Secret, and a Secret of another type can be a token of any account.
 */
function problemOf({ metadata, data }: V1Secret, of: string): string | undefined {
  if (metadata?.name !== keptName(of)) return `a copy of Secret ${of} is named ${keptName(of)}`;
  if (data === undefined) return 'it holds nothing';
  try {
    const head = secretHeadSchema.parse(JSON.parse(metadata.annotations?.[keptHeadAnnotation] ?? ''));
    return head.type === 'Opaque' ? undefined : `it is of a Secret of type ${shown(head.type)}, not Opaque`;
  } catch {
    return `its annotation ${keptHeadAnnotation} does not describe a Secret`;
  }
}

/** The names and lengths of the data of a Secret, without the values. */
function dataSummary(secret: V1Secret | undefined): string {
  if (!secret) return 'not there';
  const entries = Object.entries(secret.data ?? {}).toSorted();
  return `holds ${entries.map(([name, value]) => `${name} (${value.length} characters)`).join(', ') || 'nothing'}`;
}

/** Tokens that were issued for a fault, and copies of remote secrets, in a namespace. */
export async function issuedMarks(cluster: MeshCluster, namespace: string): Promise<Mark[]> {
  const { core } = cluster.api;
  const { items } = await core.listNamespacedSecret({ namespace, labelSelector: issuedLabel });
  const marks = items.map(async ({ metadata }): Promise<Mark> => {
    const name = metadata?.name ?? '';
    const object = secretHeader({ namespace, name });
    return {
      ...{ cluster: cluster.name, object: objectName(object), asks: 'delete it as a token of a fault' },
      isSigned: await isSigned(metadata?.annotations, cluster, 'issued', object, []),
      change: () => Promise.resolve(`${objectName(object)}: there → deleted`),
      toDo: kubectl(cluster, 'delete', ...kubectlObject(object)),
      toDelete: kubectlUnmark(cluster, 'label', object, [issuedLabel]),
      act: async () => {
        await deleteIfThere(() => core.deleteNamespacedSecret({ namespace, name }));
        return `${cluster.name}: removed the token in Secret ${namespace}/${name}`;
      },
    };
  });
  return Promise.all(marks);
}
