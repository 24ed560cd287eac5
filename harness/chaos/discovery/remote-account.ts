import { KubeConfig, type V1Secret } from '#kubernetes-client';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import { whileWaiting } from '../../base/waiting.ts';
import { KubeReader, Refused } from '../../kube/kube-reader.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { parseRemoteKubeconfig, reasonNotToUse } from '../../mesh/remote-kubeconfig.ts';

/** A service account by namespace and name. */
export const accountSchema = z.object({ namespace: z.string(), name: z.string() });
type Account = z.infer<typeof accountSchema>;

const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

const review = z.object({
  status: z.object({
    userInfo: z.object({
      username: z.string(),
      extra: z.record(z.string(), z.array(z.string())).default({}),
    }),
  }),
});

/** Kubernetes binds the token of a pod to that pod, and says so (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/). */
const podClaim = 'authentication.kubernetes.io/pod-name';

/**
 * The service account of the token in a remote secret. Users of the holder's cluster write the Secret, so the text of the token proves
 * nothing: the API server that the mesh file gives for `discovered` authenticates the token. The server in the Secret is not asked.
 *
 * @throws Error, which does not quote the Secret, when the kubeconfig names a program or a file, or when that API server does not accept
 * its token as one of a service account.
 */
export async function remoteAccount(
  holder: MeshCluster,
  secret: V1Secret,
  discovered: MeshCluster,
): Promise<Account> {
  const { namespace, name } = secret.metadata ?? {};
  const refused = (reason: string, cause?: unknown) =>
    new Error(
      `Secret ${namespace}/${name} of cluster ${holder.name} cannot be rotated: ${reason}. Nothing was changed. ` +
        `If you do not know who wrote the Secret, create it again with \`istioctl create-remote-secret --name ${discovered.name}\`.`,
      { cause },
    );
  const encoded = secret.data?.[discovered.name];
  if (encoded === undefined) throw refused(`it does not hold a kubeconfig for ${discovered.name}`);
  const kubeconfig = parseRemoteKubeconfig(Buffer.from(encoded, 'base64').toString());
  const problem = 'problem' in kubeconfig ? kubeconfig.problem : reasonNotToUse(kubeconfig);
  if ('problem' in kubeconfig || problem !== undefined) throw refused(String(problem));
  const { token } = kubeconfig.user;
  if (token === undefined) throw refused('it does not hold a token');
  try {
    return await authenticated(discovered, token);
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error), error);
  }
}

async function authenticated(cluster: MeshCluster, token: string): Promise<Account> {
  const server = cluster.api.config.getCurrentCluster();
  if (!server) throw new Error(`the kubeconfig of cluster ${cluster.name} does not name a server`);
  const config = new KubeConfig();
  config.loadFromClusterAndUser(server, { name: 'remote', token });
  using reader = new KubeReader(config, timeouts.apiMs);
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const { value } = await whileWaiting(() => reader.review(path, body)).catch((error: unknown) => {
    if (!(error instanceof Refused)) throw error;
    throw new Error(`cluster ${cluster.name} does not accept its token (status ${error.status})`);
  });
  const { userInfo } = review.parse(value).status;
  if (userInfo.extra[podClaim]) throw new Error('its token belongs to a pod, and ends with that pod');
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(userInfo.username) ?? [];
  if (namespace && name) return { namespace, name };
  throw new Error(`cluster ${cluster.name} accepts its token, but not as one of a service account`);
}

/** The data of a Secret with another token for a cluster, in the user of the current context only. */
export function withToken(secret: V1Secret, discovered: string, token: string): Record<string, string> {
  const { data = {} } = secret;
  const config = parse(Buffer.from(data[discovered] ?? '', 'base64').toString()) as Kubeconfig;
  const current = config.contexts.find(({ name }) => name === config['current-context'])?.context.user;
  const users = config.users.map((one) =>
    one.name === current ? { ...one, user: { ...one.user, token } } : one,
  );
  return { ...data, [discovered]: Buffer.from(stringify({ ...config, users })).toString('base64') };
}

interface Kubeconfig {
  'current-context': string;
  contexts: { name: string; context: { user: string } }[];
  users: { name: string; user: Record<string, unknown> }[];
}
