import { type Cluster, KubeConfig } from '#kubernetes-client';
import { parse } from 'yaml';
import { z } from 'zod';

const cluster = z.object({
  server: z.string().optional(),
  'certificate-authority': z.unknown().optional(),
  'certificate-authority-data': z.string().optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': z.string().optional(),
  'proxy-url': z.unknown().optional(),
});

const user = z.object({
  token: z.string().optional(),
  tokenFile: z.unknown().optional(),
  'token-file': z.unknown().optional(), // how client-node spells it
  'client-certificate': z.unknown().optional(),
  'client-certificate-data': z.string().optional(),
  'client-key': z.unknown().optional(),
  'client-key-data': z.string().optional(),
  exec: z.unknown().optional(),
  'auth-provider': z.unknown().optional(),
  password: z.string().optional(),
  as: z.unknown().optional(),
  'as-groups': z.unknown().optional(),
  'as-user-extra': z.unknown().optional(),
});

const context = z.object({ cluster: z.string().optional(), user: z.string().optional() });

const kubeconfig = z.object({
  'current-context': z.string().optional(),
  contexts: z.array(z.object({ name: z.string(), context: context.nullish() })).default([]),
  clusters: z.array(z.object({ name: z.string(), cluster: cluster.nullish() })).default([]),
  users: z.array(z.object({ name: z.string(), user: user.nullish() })).default([]),
});

/** The cluster and user of the current context of a remote secret's kubeconfig, as written. Holds a credential. */
export interface RemoteKubeconfig {
  cluster: z.infer<typeof cluster>;
  user: z.infer<typeof user>;
}

/** Reads the kubeconfig in a remote secret. The problem is in fixed words: messages of parsers would quote the secret. */
export function parseRemoteKubeconfig(text: string): RemoteKubeconfig | { problem: string } {
  let config: z.infer<typeof kubeconfig>;
  try {
    config = kubeconfig.parse(parse(text, { logLevel: 'silent' }));
  } catch {
    return { problem: 'it holds no kubeconfig: no YAML, or without its fields' };
  }
  const current = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  if (!current) return { problem: 'its kubeconfig has no current context' };
  const named = config.clusters.find(({ name }) => name === current.cluster)?.cluster;
  if (!named) return { problem: 'its kubeconfig has no cluster for its current context' };
  return { cluster: named, user: config.users.find(({ name }) => name === current.user)?.user ?? {} };
}

/** By the fields that name files, how istiod calls the option that allows them (pkg/kube/multicluster, sanitizeKubeConfig). */
const fileFields = [
  ['tokenFile', 'tokenFile'],
  ['token-file', 'tokenFile'],
  ['client-certificate', 'clientCertificate'],
  ['client-key', 'clientKey'],
] as const;

/** The credentials that a kubeconfig takes from files of the machine that uses it, by istiod's names for them. */
export const filesNamed = ({ user }: RemoteKubeconfig): string[] => [
  ...new Set(fileFields.flatMap(([field, name]) => (user[field] ? [name] : []))),
];

/** Whether istiod impersonates another account, so that its rights are not the rights of the credential. */
export const actsAsAnother = ({ user }: RemoteKubeconfig): boolean =>
  Boolean(user.as ?? user['as-groups'] ?? user['as-user-extra']);

/** The reason that the rights of an account are not asked for. */
export const actsAs = 'it acts as another account (as)';

/**
 * Why a kubeconfig is not used on this machine; undefined where it may be. Whoever can write a Secret must not be able to run a
 * program here, or to have a file read here and sent to a server of his choice.
 */
export function reasonNotToUse(config: RemoteKubeconfig): string | undefined {
  const { cluster, user } = config;
  const files = [
    ...filesNamed(config),
    ...(cluster['certificate-authority'] ? ['certificateAuthority'] : []),
  ];
  if (user.exec) return 'it asks for a program to be run (exec)';
  if (user['auth-provider']) return 'it asks for a login plug-in (auth-provider)';
  if (files.length > 0) return `it names files of the machine that uses it (${files.join(', ')})`;
  if (cluster['proxy-url']) return 'it uses a proxy (proxy-url)';
  if (!cluster.server) return 'it names no server';
  if (user.token || (user['client-certificate-data'] && user['client-key-data'])) return undefined;
  return 'it has neither a token nor a certificate with its key';
}

/**
 * A client's configuration, of those fields alone that hold their value themselves: server, authority, server name, and token or
 * certificate. A server with TLS is always verified.
 *
 * @throws Error where there is a {@link reasonNotToUse} it.
 */
export function clientConfigOf(config: RemoteKubeconfig): KubeConfig {
  const reason = reasonNotToUse(config);
  if (reason !== undefined) throw new Error(`The kubeconfig is not used here: ${reason}.`);
  const { cluster, user } = config;
  const server = (cluster.server ?? '').replace(/\/$/, '');
  const made = new KubeConfig();
  made.loadFromClusterAndUser(
    {
      // client-node accepts a server without TLS only with skipTLSVerify.
      ...{ name: 'remote', server, skipTLSVerify: server.startsWith('http:') },
      ...optional('caData', cluster['certificate-authority-data']),
      ...optional('tlsServerName', cluster['tls-server-name']),
    },
    {
      name: 'remote',
      ...optional('token', user.token),
      ...optional('certData', user['client-certificate-data']),
      ...optional('keyData', user['client-key-data']),
    },
  );
  return made;
}

const optional = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
  value ? ({ [key]: value } as Record<K, string>) : {};

/** The credential of `config` for the API server `server`, with the address and CA of that server. */
export function withServerOf(server: Cluster, config: KubeConfig): KubeConfig {
  const mixed = new KubeConfig();
  const user = config.getCurrentUser();
  if (!user) throw new Error('The kubeconfig does not name a user.');
  mixed.loadFromClusterAndUser(server, user);
  return mixed;
}
