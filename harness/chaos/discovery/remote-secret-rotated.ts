import type { V1Secret } from '@kubernetes/client-node';
import { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import { waitUntil } from '../../base/wait-until.ts';
import { whileWaiting } from '../../base/waiting.ts';
import { deleteIfThere } from '../../kube/cluster-api.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { issueToken } from '../issued-secret.ts';
import { keepSecret, restoreKeptSecret, refuseForeignCopy, writeSecretData } from '../kept-secret.ts';
import { accountSchema, remoteAccount, withToken } from './remote-account.ts';
import { proveSynced, remoteSecretName } from './remote-secrets.ts';
import { awaitUpdate, knownUpdates } from './update-log.ts';

const parameters = z.object({
  cluster: z.string().describe('The cluster whose istiods get a new token.'),
  to: z.string().describe('The cluster that the token is for.'),
});

const tokenSecret = (id: string): string => `meshproof-rotated-${id}`;

/**
 * A regular rotation: Kubernetes issues a second token of the same account, and the remote secret gets it. The first token stays valid.
 * Healing first restores the first token, then deletes the second. The account is the one that the discovered cluster authenticates.
 */
export const remoteSecretRotated = defineFault({
  id: 'remote-secret-rotated',
  title: 'The remote secret by which one cluster discovers another gets a new token',
  disturbs: 'control-plane',
  needsLab: false,
  stage: 'rest',
  bounds: bounds.discovery,
  parameters,
  undo: z.object({
    secret: z.string(),
    account: accountSchema,
    /** The last update in the log of each istiod before the fault. */
    updates: z.record(z.string(), z.string()).default({}),
  }),
  clusters: ({ cluster, to }) => [cluster, to],
  prepare: async (mesh, { cluster, to }) => {
    const holder = mesh.cluster(cluster);
    const name = await remoteSecretName(mesh, holder, to);
    const namespace = mesh.file.rootNamespace;
    await refuseForeignCopy(holder, namespace, name);
    const secret = await whileWaiting(() => holder.api.core.readNamespacedSecret({ namespace, name }));
    const account = await remoteAccount(holder, secret, mesh.cluster(to));
    return { secret: name, account, updates: await knownUpdates(holder, namespace, to) };
  },
  inject: async ({ mesh, id, parameters: { cluster, to }, undo: { secret: name, account } }) => {
    const [holder, discovered] = [mesh.cluster(cluster), mesh.cluster(to)];
    const namespace = mesh.file.rootNamespace;
    const secret = await whileWaiting(() => holder.api.core.readNamespacedSecret({ namespace, name }));
    await requireAccount(holder, secret, discovered, account);
    await keepSecret(holder, namespace, name);
    await issueToken(discovered, account, tokenSecret(id));
    const token = await readToken(discovered, account.namespace, tokenSecret(id));
    await writeSecretData(holder, namespace, name, withToken(secret, to, token));
  },
  prove: async ({ mesh, parameters: { cluster, to }, undo: { updates } }) => {
    const said = await awaitUpdate(mesh.cluster(cluster), mesh.file.rootNamespace, to, updates);
    return `${said}; ${await proveSynced(mesh, mesh.cluster(cluster), to, bounds.discovery.injectMs)}`;
  },
  heal: async ({ mesh, id, parameters: { cluster, to }, undo: { secret, account } }) => {
    const [holder, namespace] = [mesh.cluster(cluster), mesh.file.rootNamespace];
    const updates = await knownUpdates(holder, namespace, to);
    const changed = await restoreKeptSecret(holder, namespace, secret);
    // Istiod must have the old token before the new one is deleted. An istiod that starts later reads the old one.
    if (changed && Object.keys(updates).length > 0) await awaitUpdate(holder, namespace, to, updates);
    const token = { namespace: account.namespace, name: tokenSecret(id) };
    await whileWaiting(() => deleteIfThere(() => mesh.cluster(to).api.core.deleteNamespacedSecret(token)));
  },
  proveHealed: ({ mesh, parameters: { cluster, to } }) =>
    proveSynced(mesh, mesh.cluster(cluster), to, bounds.discovery.healMs),
});

/** Somebody may have replaced the Secret since `prepare`: its kubeconfig must not get a token of an account that it does not have. */
async function requireAccount(
  holder: MeshCluster,
  secret: V1Secret,
  discovered: MeshCluster,
  wanted: { namespace: string; name: string },
): Promise<void> {
  const { namespace, name } = await remoteAccount(holder, secret, discovered);
  if (namespace === wanted.namespace && name === wanted.name) return;
  const of = `Secret ${secret.metadata?.namespace}/${secret.metadata?.name} of cluster ${holder.name}`;
  throw new Error(
    `${of} cannot be rotated: it now holds a token of another account. Nothing was changed. Run the command again.`,
  );
}

async function readToken(cluster: MeshCluster, namespace: string, name: string): Promise<string> {
  let token: string | undefined;
  const isIssued = async () => {
    const { data } = await cluster.api.core.readNamespacedSecret({ namespace, name });
    token = data?.['token'];
    return token !== undefined;
  };
  await waitUntil(isIssued, `a token in ${namespace}/${name} of ${cluster.name}`, timeouts.apiMs);
  return Buffer.from(token ?? '', 'base64').toString();
}
