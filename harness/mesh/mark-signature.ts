import { createHmac, timingSafeEqual } from 'node:crypto';
import { whileWaiting } from '../base/waiting.ts';
import { markKey } from '../config/state-key.ts';
import type { MeshCluster } from './attach.ts';

/** The purpose of a mark. A signature of one kind does not verify for another. */
export type MarkKind =
  | 'test-object'
  | 'replicas'
  | 'readiness'
  | 'restart'
  | 'sick'
  | 'region'
  | 'revoked'
  | 'issued'
  | 'kept-secret'
  | 'kept-objects';

/** The object that a mark stands on. */
export interface MarkedObject {
  apiVersion: string;
  kind: string;
  /** Absent for objects of the whole cluster. */
  namespace?: string | undefined;
  name: string;
}

/** The annotation with the signature of a mark; an object may carry marks of several kinds. */
export const signatureAnnotation = (mark: MarkKind): string => `meshproof.dev/${mark}-signature`;

const identities = new WeakMap<MeshCluster, Promise<string>>();

/**
 * What identifies a cluster: the uid of its namespace kube-system. It is read once for each attached cluster.
 *
 * @throws Error that names the cluster when it cannot be read.
 */
export function clusterIdentity(cluster: MeshCluster): Promise<string> {
  const known = identities.get(cluster);
  if (known) return known;
  const reading = readIdentity(cluster);
  identities.set(cluster, reading);
  void reading.catch(() => identities.delete(cluster));
  return reading;
}

async function readIdentity({ name, api, file }: MeshCluster): Promise<string> {
  try {
    const { metadata } = await whileWaiting(() => api.core.readNamespace({ name: 'kube-system' }));
    if (metadata?.uid) return metadata.uid;
  } catch (error) {
    throw new Error(
      `Cluster ${name} (context ${file.context}) did not show its namespace kube-system, which identifies it. ` +
        'Allow the account of that context to get it.',
      { cause: error },
    );
  }
  throw new Error(`The namespace kube-system of cluster ${name} (context ${file.context}) has no uid.`);
}

/**
 * Signs a mark: HMAC-SHA256 with the key of this machine over the kind of the mark, the cluster, the object, and the values. The
 * version of the API is left out, because the same object can be read in several.
 *
 * @param values what the mark says, as it is written in the cluster.
 */
export async function signMark(
  cluster: MeshCluster,
  mark: MarkKind,
  object: MarkedObject,
  values: readonly (string | undefined)[],
): Promise<string> {
  const [group] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : [''];
  const named = [group, object.kind, object.namespace || null, object.name];
  const signed = ['v1', mark, await clusterIdentity(cluster), ...named, ...values.map((one) => one ?? null)];
  return createHmac('sha256', await markKey())
    .update(JSON.stringify(signed))
    .digest('base64url');
}

/** The annotation that signs a mark, to be written together with it. */
export const signed = async (...mark: Parameters<typeof signMark>): Promise<Record<string, string>> => ({
  [signatureAnnotation(mark[1])]: await signMark(...mark),
});

/** Whether annotations hold the signature that this machine makes for a mark. */
export async function isSigned(
  annotations: Readonly<Record<string, string>> | undefined,
  ...mark: Parameters<typeof signMark>
): Promise<boolean> {
  const given = annotations?.[signatureAnnotation(mark[1])];
  if (given === undefined) return false;
  const [one, other] = [Buffer.from(given), Buffer.from(await signMark(...mark))];
  return one.length === other.length && timingSafeEqual(one, other);
}
