import type { V1Secret } from '@kubernetes/client-node';
import { z } from 'zod';
import { explained } from '../kube/failure-words.ts';
import { type KubeReader, Refused } from '../kube/kube-reader.ts';
import type { CertificateBook } from './certificate-book.ts';
import { type Gaps, itemsOf } from './gaps.ts';
import { createdAt, given } from './kubernetes-records.ts';
import type { Authority } from './schema.ts';
import { fromBase64 } from './webhooks.ts';

/** The Secrets that a snapshot reads. They contain private keys and tokens, which a snapshot never keeps. */
export interface RelevantSecrets {
  authorities: V1Secret[];
  remotes: V1Secret[];
}

const authorityNames = ['cacerts', 'istio-ca-secret', 'istiod-tls'];

/** The label that makes a Secret one that istiod reads a cluster from. */
export const remoteLabel = 'istio/multiCluster';

const isRemote = ({ labels, name }: Found) =>
  labels?.[remoteLabel] === 'true' || name.startsWith('istio-remote-secret-');

/**
 * Finds the Secrets by their metadata, in all namespaces, so that no others are read; then reads those. Authorities are
 * looked for in Istio's namespaces, remote secrets everywhere, since one in the wrong namespace is a finding.
 */
export async function readSecrets(
  reader: KubeReader,
  istioNamespaces: readonly string[],
  gaps: Gaps,
): Promise<RelevantSecrets> {
  const found = await findSecrets(reader, istioNamespaces, gaps);
  const of = (wanted: (meta: Found) => boolean, what: 'authorities' | 'remoteSecrets') =>
    Promise.all(
      found.filter(wanted).map(({ namespace, name }) => {
        const read = () => reader.get<V1Secret>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
        return gaps.attempt<V1Secret | undefined>(what, read, undefined, `${namespace}/${name}`);
      }),
    );
  const isAuthority = ({ namespace, name }: Found) =>
    istioNamespaces.includes(namespace) && authorityNames.includes(name);
  const [authorities, remotes] = await Promise.all([
    of(isAuthority, 'authorities'),
    of(isRemote, 'remoteSecrets'),
  ]);
  const there = (secrets: (V1Secret | undefined)[]) => secrets.filter((one) => one !== undefined);
  return { authorities: there(authorities), remotes: there(remotes) };
}

/** The selectors for Secrets. */
const listed = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});
type Found = z.infer<typeof listed>['metadata'];

const metadataOnly = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

async function findSecrets(
  reader: KubeReader,
  istioNamespaces: readonly string[],
  gaps: Gaps,
): Promise<Found[]> {
  const list = async (path: string) => {
    const items = itemsOf(await reader.get(path, metadataOnly));
    return gaps.records('remoteSecrets', items, listed, (item) => item).map(({ metadata }) => metadata);
  };
  const both = (error: unknown, of?: string): [] => {
    for (const what of ['authorities', 'remoteSecrets'] as const)
      gaps.note({ what, ...given('of', of), ...explained(error) });
    return [];
  };
  try {
    return await list('/api/v1/secrets');
  } catch (error) {
    if (!(error instanceof Refused)) return both(error);
    // An account may be allowed to read them in Istio's namespaces only.
    gaps.note({ what: 'remoteSecrets', of: 'other namespaces', ...explained(error) });
    const lists = istioNamespaces.map((namespace) =>
      list(`/api/v1/namespaces/${namespace}/secrets`).catch((failed: unknown) => both(failed, namespace)),
    );
    return (await Promise.all(lists)).flat();
  }
}

/** The certificates in a Secret of an authority, and whether its key fits; the key itself goes no further. */
export function authorityRecord(secret: V1Secret, book: CertificateBook): Authority {
  const { metadata } = secret;
  const data = secret.data ?? {};
  // istiod reads the files of the type kubernetes.io/tls if tls.crt exists: detectSigningCABundleAndCRL.
  const isTls = data['tls.crt'] !== undefined;
  const [certificateEntry, keyEntry, rootEntry] = isTls
    ? (['tls.crt', 'tls.key', 'ca.crt'] as const)
    : (['ca-cert.pem', 'ca-key.pem', 'root-cert.pem'] as const);
  const text = (name: string) => fromBase64(data[name]);
  const certificate = book.read(text(certificateEntry), certificateEntry);
  const chain = book.read(isTls ? undefined : text('cert-chain.pem'), 'cert-chain.pem');
  const roots = book.read(text(rootEntry), rootEntry);
  return {
    namespace: metadata?.namespace ?? '',
    secret: metadata?.name ?? '',
    keys: Object.keys(data).sort(),
    createdAt: createdAt(metadata),
    certificate: certificate.chain,
    chain: chain.chain,
    roots: roots.chain,
    ...given('keyFits', book.keyFits(certificate.chain[0], text(keyEntry))),
    problems: [...certificate.problems, ...chain.problems, ...roots.problems],
  };
}
