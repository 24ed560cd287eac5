import { z } from 'zod';
import type { MeshCluster } from '../../mesh/attach.ts';
import { deleteIfThere } from '../../mesh/cluster-api.ts';
import { waitUntil } from '../../mesh/wait-until.ts';
import { timeouts } from '../../timeouts.ts';
import { whileWaiting } from '../../waiting.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { issueToken, keepSecret, putSecretBack, readKept, writeSecretData } from '../kept-secret.ts';
import { accountIn, proveSynced, remoteSecretName } from './remote-secrets.ts';

const parameters = z.object({
  cluster: z.string().describe('The cluster whose istiods get a new token.'),
  to: z.string().describe('The cluster that the token is for.'),
});

const tokenSecret = (id: string): string => `meshproof-rotated-${id}`;

/**
 * As a regular rotation: a second token of the same account is issued, the remote secret gets it, and the old one stays valid.
 * Healing puts the old one back, first, and then ends the new one.
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
    account: z.object({ namespace: z.string(), name: z.string() }),
    since: z.iso.datetime(),
  }),
  clusters: ({ cluster, to }) => [cluster, to],
  prepare: async (mesh, { cluster, to }) => {
    const holder = mesh.cluster(cluster);
    const name = await remoteSecretName(mesh, holder, to);
    const namespace = mesh.file.rootNamespace;
    const secret = await whileWaiting(() => holder.api.core.readNamespacedSecret({ namespace, name }));
    const account = accountIn(secret, to);
    const since = new Date().toISOString();
    return { secret: name, account: { namespace: account.namespace, name: account.name }, since };
  },
  inject: async ({ mesh, id, parameters: { cluster, to }, undo: { secret: name, account } }) => {
    const [holder, discovered] = [mesh.cluster(cluster), mesh.cluster(to)];
    const namespace = mesh.file.rootNamespace;
    await keepSecret(holder, namespace, name);
    await issueToken(discovered, account, tokenSecret(id));
    const token = await readToken(discovered, account.namespace, tokenSecret(id));
    const secret = await whileWaiting(() => holder.api.core.readNamespacedSecret({ namespace, name }));
    const { config } = accountIn(secret, to);
    const users = config.users.map((user) => ({ ...user, token }));
    config.loadFromOptions({ ...config, users });
    const data = { ...secret.data, [to]: Buffer.from(config.exportConfig()).toString('base64') };
    await writeSecretData(holder, namespace, name, data);
  },
  prove: async ({ mesh, parameters: { cluster, to }, undo: { since } }) => {
    const said = await awaitUpdate(mesh.cluster(cluster), mesh.file.rootNamespace, to, since);
    return `${said}; ${await proveSynced(mesh, mesh.cluster(cluster), to, bounds.discovery.injectMs)}`;
  },
  heal: async ({ mesh, id, parameters: { cluster, to }, undo: { secret, account } }) => {
    const [holder, namespace, now] = [mesh.cluster(cluster), mesh.file.rootNamespace, new Date()];
    const changed = (await readKept(holder, namespace, secret)) !== undefined;
    await putSecretBack(holder, namespace, secret);
    const istiods = await holder.findPods({ namespace, labels: { app: 'istiod' } });
    // The new token must not end while it is in use; an istiod that starts later reads the old one.
    if (changed && istiods.some(({ ready }) => ready))
      await awaitUpdate(holder, namespace, to, now.toISOString());
    const token = { namespace: account.namespace, name: tokenSecret(id) };
    await whileWaiting(() => deleteIfThere(() => mesh.cluster(to).api.core.deleteNamespacedSecret(token)));
  },
  proveHealed: ({ mesh, parameters: { cluster, to } }) =>
    proveSynced(mesh, mesh.cluster(cluster), to, bounds.discovery.healMs),
});

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

/** Waits until istiod's log says that it took another kubeconfig for a cluster. */
async function awaitUpdate(
  holder: MeshCluster,
  namespace: string,
  discovered: string,
  since: string,
): Promise<string> {
  let said: string | undefined;
  const sinceSeconds = Math.ceil((Date.now() - Date.parse(since)) / 1000 + bounds.discovery.injectMs / 1000);
  const isTaken = async () => {
    for (const { name } of await holder.findPods({ namespace, labels: { app: 'istiod' } })) {
      const log = await holder.api.core.readNamespacedPodLog({ name, namespace, sinceSeconds });
      // Lines begin with the time, in a form that sorts.
      const lines = log.split('\n').filter((line) => line.slice(0, since.length - 1) >= since.slice(0, -1));
      said = lines.findLast((line) => /Update cluster/.test(line) && line.includes(discovered));
      if (said !== undefined) return true;
    }
    return false;
  };
  await waitUntil(isTaken, `istiod of ${holder.name} to take the new token`, bounds.discovery.injectMs);
  return `istiod of ${holder.name} logs "${said?.replace(/^\S+\s+/, '').trim()}"`;
}
