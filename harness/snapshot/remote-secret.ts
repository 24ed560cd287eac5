import type { V1Secret } from '@kubernetes/client-node';
import { z } from 'zod';
import { filesNamed, parseRemoteKubeconfig, type RemoteKubeconfig } from '../mesh/remote-kubeconfig.ts';
import type { CertificateBook } from './certificate-book.ts';
import { createdAt, given } from './kubernetes-records.ts';
import { withoutQuery } from './redact.ts';
import type { RemoteSecret } from './schema.ts';
import { remoteLabel } from './secrets.ts';
import { fromBase64 } from './webhooks.ts';

/** A record for each cluster in a remote secret. Of its credential, it keeps only the kind, claims and certificates. */
export function remoteSecretRecords(secret: V1Secret, book: CertificateBook): RemoteSecret[] {
  const { metadata, data } = secret;
  const entries = Object.entries(data ?? {});
  const common = {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labelled: metadata?.labels?.[remoteLabel] === 'true',
    createdAt: createdAt(metadata),
    ...given('annotatedCluster', metadata?.annotations?.['networking.istio.io/cluster']),
  };
  if (entries.length === 0) return [{ ...common, cluster: '', ...unusable('the Secret has no data') }];
  return entries.map(([cluster, encoded]) => ({
    ...common,
    cluster,
    ...kubeconfigRecord(fromBase64(encoded) ?? '', book),
  }));
}

type KubeconfigRecord = Omit<RemoteSecret, 'namespace' | 'name' | 'labelled' | 'createdAt' | 'cluster'>;

const unusable = (problem: string): KubeconfigRecord => ({
  ...{ skipsVerification: false, ca: [], credential: 'none' },
  problem,
});

function kubeconfigRecord(text: string, book: CertificateBook): KubeconfigRecord {
  const config = parseRemoteKubeconfig(text);
  if ('problem' in config) return unusable(config.problem);
  const { cluster } = config;
  const authority = fromBase64(filled(cluster['certificate-authority-data']));
  const ca = book.read(authority, 'certificate-authority-data');
  const server = filled(cluster.server);
  const problem = ca.problems[0] ?? (server === undefined ? 'it names no server' : undefined);
  const files = filesNamed(config);
  return {
    ...given('server', server === undefined ? undefined : withoutQuery(server)),
    ...given('tlsServerName', filled(cluster['tls-server-name'])),
    skipsVerification: cluster['insecure-skip-tls-verify'] === true,
    ...given('proxied', cluster['proxy-url'] ? true : undefined),
    ca: ca.chain,
    ...credentialRecord(config, book),
    ...given('files', files.length > 0 ? files : undefined),
    ...given('problem', problem),
  };
}

const filled = (value: string | undefined) => (value === '' ? undefined : value);

/** The credential that clients use first: a program or plug-in precedes a token. */
function credentialRecord(
  { user }: RemoteKubeconfig,
  book: CertificateBook,
): Pick<RemoteSecret, 'credential' | 'token' | 'clientCertificate'> {
  if (user.exec) return { credential: 'exec' };
  if (user['auth-provider']) return { credential: 'authProvider' };
  const token = filled(user.token);
  if (token !== undefined) return { credential: 'token', ...given('token', claimsOf(token)) };
  const certificate = filled(user['client-certificate-data']);
  if (certificate !== undefined)
    return { credential: 'certificate', clientCertificate: book.read(fromBase64(certificate)).chain };
  return { credential: filled(user.password) === undefined ? 'none' : 'password' };
}

const claims = z.object({
  sub: z.string().optional(),
  iss: z.string().optional(),
  aud: z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional(),
  iat: z.number().optional(),
  nbf: z.number().optional(),
  exp: z.number().optional(),
});

/** Claims of a token (RFC 7519, times in seconds since 1970); undefined if it is not a JWT. The signature is not verified. */
export function claimsOf(token: string): RemoteSecret['token'] {
  const [, payload] = token.split('.');
  if (payload === undefined) return undefined;
  try {
    const { sub, iss, aud, iat, nbf, exp } = claims.parse(
      JSON.parse(Buffer.from(payload, 'base64url').toString()),
    );
    const moment = (seconds: number | undefined) =>
      seconds === undefined ? undefined : new Date(seconds * 1_000).toISOString();
    return {
      ...given('subject', sub),
      ...given('issuer', iss),
      audiences: aud ?? [],
      ...given('issuedAt', moment(iat)),
      ...given('notBefore', moment(nbf)),
      ...given('expiresAt', moment(exp)),
    };
  } catch {
    return undefined; // opaque, or not ours to understand; an error would quote it
  }
}
