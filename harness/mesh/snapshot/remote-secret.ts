import type { V1Secret } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { z } from 'zod';
import type { CertificateBook } from './certificate-book.ts';
import { createdAt, given } from './kubernetes-records.ts';
import type { RemoteSecret } from './schema.ts';
import { remoteLabel } from './secrets.ts';
import { fromBase64 } from './webhooks.ts';

const named = <S extends z.ZodRawShape>(key: string, shape: S) =>
  z.array(z.object({ name: z.string(), [key]: z.object(shape).nullish() }));

const kubeconfig = z.object({
  'current-context': z.string().optional(),
  contexts: named('context', { cluster: z.string().optional(), user: z.string().optional() }).default([]),
  clusters: named('cluster', {
    server: z.string().optional(),
    'certificate-authority-data': z.string().optional(),
    'insecure-skip-tls-verify': z.boolean().optional(),
    'tls-server-name': z.string().optional(),
  }).default([]),
  users: named('user', {
    token: z.string().optional(),
    'client-certificate-data': z.string().optional(),
    'client-key-data': z.string().optional(),
    exec: z.unknown().optional(),
    'auth-provider': z.unknown().optional(),
    password: z.string().optional(),
  }).default([]),
});

type Fields = Record<string, unknown>;

/** What a remote secret says of each cluster in it. Of its credential only kind, claims and certificates. */
export function remoteSecretRecords(secret: V1Secret, book: CertificateBook): RemoteSecret[] {
  const { metadata, data = {} } = secret;
  const entries = Object.entries(data);
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

/** The errors of parsers would quote the text, so they are told in our own words. */
function kubeconfigRecord(text: string, book: CertificateBook): KubeconfigRecord {
  let config: z.infer<typeof kubeconfig>;
  try {
    config = kubeconfig.parse(parse(text, { logLevel: 'silent' }));
  } catch {
    return unusable('it holds no kubeconfig: no YAML, or without its fields');
  }
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.['context'] as
    Fields | undefined;
  if (!context) return unusable('its kubeconfig has no current context');
  const cluster = config.clusters.find(({ name }) => name === context['cluster'])?.['cluster'] as
    Fields | undefined;
  if (!cluster) return unusable('its kubeconfig has no cluster for its current context');
  const user = (config.users.find(({ name }) => name === context['user'])?.['user'] ?? {}) as Fields;
  const ca = book.read(
    fromBase64(filled(cluster['certificate-authority-data'])),
    'certificate-authority-data',
  );
  const problem =
    ca.problems[0] ?? (filled(cluster['server']) === undefined ? 'it names no server' : undefined);
  return {
    ...given('server', filled(cluster['server'])),
    ...given('tlsServerName', filled(cluster['tls-server-name'])),
    skipsVerification: cluster['insecure-skip-tls-verify'] === true,
    ca: ca.chain,
    ...credentialRecord(user, book),
    ...given('problem', problem),
  };
}

const filled = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function credentialRecord(
  user: Fields,
  book: CertificateBook,
): Pick<RemoteSecret, 'credential' | 'token' | 'clientCertificate'> {
  const token = filled(user['token']);
  if (token !== undefined) return { credential: 'token', ...given('token', claimsOf(token)) };
  if (user['exec']) return { credential: 'exec' };
  if (user['auth-provider']) return { credential: 'authProvider' };
  const certificate = filled(user['client-certificate-data']);
  if (certificate !== undefined)
    return { credential: 'certificate', clientCertificate: book.read(fromBase64(certificate)).chain };
  return { credential: filled(user['password']) === undefined ? 'none' : 'password' };
}

const claims = z.object({
  sub: z.string().optional(),
  iss: z.string().optional(),
  aud: z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional(),
  iat: z.number().optional(),
  nbf: z.number().optional(),
  exp: z.number().optional(),
});

/** Claims of a token (RFC 7519, times in seconds since 1970); undefined when it is no JWT. Its signature is not looked at. */
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
