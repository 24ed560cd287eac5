import { issueAuthority } from '../../x509/authorities.ts';

/** The kubeconfig in a remote secret, of a single cluster. */
export interface Kubeconfig {
  clusters: { name: string; cluster: Record<string, unknown> }[];
  users: { name: string; user: Record<string, unknown> }[];
  [key: string]: unknown;
}

/** A changed remote secret: its entry under another name, or with another kubeconfig. */
export interface ChangedEntry {
  name: string;
  kubeconfig: Kubeconfig | string;
}

/** The cluster that holds the secret, and the cluster that it is for. */
interface Between {
  holder: string;
  to: string;
}

type Change = (kubeconfig: Kubeconfig, between: Between) => ChangedEntry | Promise<ChangedEntry>;

const withCluster =
  (
    change: (cluster: Record<string, unknown>) => Record<string, unknown> | Promise<Record<string, unknown>>,
  ): Change =>
  async (kubeconfig, { to }) => {
    const clusters = kubeconfig.clusters.map(async (one) => ({ ...one, cluster: await change(one.cluster) }));
    return { name: to, kubeconfig: { ...kubeconfig, clusters: await Promise.all(clusters) } };
  };

const withUser =
  (change: (user: Record<string, unknown>) => Record<string, unknown>): Change =>
  (kubeconfig, { to }) => {
    const users = kubeconfig.users.map((one) => ({ ...one, user: change(one.user) }));
    return { name: to, kubeconfig: { ...kubeconfig, users } };
  };

/** The URL of a server, with another host. */
function atHost(server: unknown, host: (old: string) => string): string {
  const url = new URL(String(server));
  url.hostname = host(url.hostname);
  return url.toString().replace(/\/$/, '');
}

/** The last byte of an address that no container of a lab has: Docker counts from below. */
const unused = '250';

/**
 * The possible changes of a remote secret. Each gets the present kubeconfig and returns the new data. Pure, except
 * for the key of a new certificate authority.
 */
export const entryChanges = {
  /** As on the machine that created a kind or minikube cluster. */
  'server-loopback': withCluster((cluster) => ({
    ...cluster,
    server: atHost(cluster['server'], () => '127.0.0.1'),
  })),
  /** An unused address in the same network, as from before a cluster was rebuilt. */
  'server-elsewhere': withCluster((cluster) => ({
    ...cluster,
    server: atHost(cluster['server'], (old) => old.replace(/\d+$/, unused)),
  })),
  /** As after a rebuild of the cluster: its API server has another authority. */
  'other-authority': withCluster(async (cluster) => {
    const { certificate } = await issueAuthority('kubernetes', 'ecdsa-p256', 1);
    return { ...cluster, 'certificate-authority-data': Buffer.from(certificate).toString('base64') };
  }),
  /** Only the signature of the token is wrong, as when the API server no longer knows the token. */
  'token-dead': withUser((user) => ({
    ...user,
    token: String(user['token']).replace(/[^.]+$/, (signature) => [...signature].toReversed().join('')),
  })),
  'not-verified': withCluster(({ 'certificate-authority-data': _, ...cluster }) => ({
    ...cluster,
    'insecure-skip-tls-verify': true,
  })),
  /** Names a program that istiod would have to run, as kubeconfigs of cloud providers do. */
  'exec-credential': withUser(() => ({
    exec: {
      ...{ apiVersion: 'client.authentication.k8s.io/v1', command: 'cloud-login' },
      interactiveMode: 'Never',
    },
  })),
  /** Under the name of the cluster that holds it: `--name` of the wrong context. */
  'name-of-holder': (kubeconfig: Kubeconfig, { holder }: Between) => ({ name: holder, kubeconfig }),
  /** Under a name that is not in the mesh. */
  'name-of-nobody': (kubeconfig: Kubeconfig, { to }: Between) => ({ name: `${to}-1`, kubeconfig }),
  'no-kubeconfig': (_: Kubeconfig, { to }: Between) => ({ name: to, kubeconfig: 'apiVersion: v1\n' }),
} as const satisfies Record<string, Change>;

export type EntryChange = keyof typeof entryChanges;
