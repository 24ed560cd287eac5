import { createHash } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { whileWaiting } from '../../base/waiting.ts';
import { deleteIfThere } from '../../kube/cluster-api.ts';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { asIssued } from '../issued-secret.ts';
import {
  keepSecret,
  restoreKeptSecret,
  readKept,
  refuseForeignCopy,
  writeSecretData,
  readSecret,
} from '../kept-secret.ts';
import { killPods } from '../scale.ts';
import { entryChanges, type EntryChange, type Kubeconfig } from './remote-secret-changes.ts';
import { proveForgotten, proveNotSynced, proveSynced, remoteSecretName } from './remote-secrets.ts';
import { awaitUpdate, knownUpdates } from './update-log.ts';

const changes = ['gone', 'in-another-namespace', ...(Object.keys(entryChanges) as EntryChange[])] as const;

/**
 * Changes after which istiod waits for a cluster without success. When the secret is right again, the failed attempt
 * still replaces the new registry with its own dead one (docs/known-issues.md). Only a restarted istiod is as before.
 */
const neverSynced: ReadonlySet<string> = new Set<EntryChange>([
  ...(['server-loopback', 'server-elsewhere', 'other-authority', 'token-dead'] as const),
]);

/** Changes after which istiod does not have a secret of that cluster. */
const forgotten: ReadonlySet<string> = new Set([
  ...(['gone', 'in-another-namespace', 'name-of-holder', 'name-of-nobody'] as const),
]);

const parameters = z.object({
  cluster: z.string().describe('The cluster whose istiods discover another by the secret.'),
  to: z.string().describe('The cluster that they discover.'),
  change: z.enum(changes).describe('What is wrong with the secret.'),
});

/**
 * Changes or deletes a remote secret, or moves it to the namespace of meshproof's workloads. Its data is kept in its
 * cluster and never written to another place; healing restores it.
 */
export const remoteSecretChanged = defineFault({
  id: 'remote-secret-changed',
  title: 'The remote secret by which one cluster discovers another is wrong',
  disturbs: 'control-plane',
  needsLab: false,
  stage: 'rest',
  bounds: bounds.discovery,
  parameters,
  undo: z.object({
    secret: z.string(),
    /** The last update in the log of each istiod before the fault. */
    updates: z.record(z.string(), z.string()).default({}),
  }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster, to }) => {
    const [holder, namespace] = [mesh.cluster(cluster), mesh.file.rootNamespace];
    const secret = await remoteSecretName(mesh, holder, to);
    await refuseForeignCopy(holder, namespace, secret);
    return { secret, updates: await knownUpdates(holder, namespace, to) };
  },
  inject: async ({ mesh, parameters: { cluster, to, change }, undo: { secret: name } }) => {
    const [holder, namespace] = [mesh.cluster(cluster), mesh.file.rootNamespace];
    await keepSecret(holder, namespace, name);
    if (change === 'in-another-namespace') await copyElsewhere(mesh, holder, name);
    if (change === 'gone' || change === 'in-another-namespace')
      await whileWaiting(() => holder.api.core.deleteNamespacedSecret({ namespace, name }));
    else {
      const kept = await readKept(holder, namespace, name);
      await writeSecretData(
        holder,
        namespace,
        name,
        await changed(kept?.[to], change, { holder: cluster, to }),
      );
    }
  },
  prove: async ({ mesh, parameters: { cluster, to, change }, undo: { secret: name, updates } }) => {
    const [holder, namespace] = [mesh.cluster(cluster), mesh.file.rootNamespace];
    const [was, is] = [
      await readKept(holder, namespace, name),
      (await readSecret(holder, namespace, name))?.data,
    ];
    if (dataSummary(was) === dataSummary(is))
      throw new Error(`Secret ${namespace}/${name} of cluster ${cluster} was not changed.`);
    const seen = await proveNoticed(mesh, { holder, to, change, updates });
    return `${cluster}: Secret ${namespace}/${name} (${change}) ${is ? `holds ${dataSummary(is)}` : 'is gone'}, and held ${dataSummary(was)}; ${seen}`;
  },
  heal: async ({ mesh, parameters: { cluster, change }, undo: { secret: name } }) => {
    const holder = mesh.cluster(cluster);
    await restoreKeptSecret(holder, mesh.file.rootNamespace, name);
    if (neverSynced.has(change)) await renewIstiod(mesh, holder);
    if (change === 'in-another-namespace')
      await whileWaiting(() =>
        deleteIfThere(() => holder.api.core.deleteNamespacedSecret({ namespace: holder.namespace, name })),
      );
  },
  proveHealed: ({ mesh, parameters: { cluster, to } }) =>
    proveSynced(mesh, mesh.cluster(cluster), to, bounds.discovery.healMs),
});

interface Noticing {
  holder: MeshCluster;
  to: string;
  change: (typeof changes)[number];
  updates: Readonly<Record<string, string>>;
}

/**
 * Waits until istiod has noticed the change: it forgets the cluster, or does not sync with it. A secret that istiod
 * cannot use at all, or can still use, changes nothing else: then only its log shows the change.
 */
function proveNoticed(mesh: Mesh, { holder, to, change, updates }: Noticing): Promise<string> {
  const withinMs = bounds.discovery.injectMs;
  if (forgotten.has(change)) return proveForgotten(mesh, holder, to, withinMs);
  if (neverSynced.has(change)) return proveNotSynced(mesh, holder, to, withinMs);
  return awaitUpdate(holder, mesh.file.rootNamespace, to, updates);
}

/** Restarts istiod. {@link proveSynced} proves that the new pods are synced. */
async function renewIstiod({ file }: Mesh, holder: MeshCluster): Promise<void> {
  const pods = await holder.findPods({ namespace: file.rootNamespace, labels: { app: 'istiod' } });
  await killPods(holder, pods);
}

/** The changed data, as base64. Throws an error that does not quote the secret if it does not hold a kubeconfig. */
async function changed(
  encoded: string | undefined,
  change: EntryChange,
  between: { holder: string; to: string },
): Promise<Record<string, string>> {
  const { name, kubeconfig } = await entryChanges[change](kubeconfigIn(encoded, between.to), between);
  const text = typeof kubeconfig === 'string' ? kubeconfig : stringify(kubeconfig);
  return { [name]: Buffer.from(text).toString('base64') };
}

function kubeconfigIn(encoded: string | undefined, to: string): Kubeconfig {
  try {
    return parse(Buffer.from(encoded ?? '', 'base64').toString()) as Kubeconfig;
  } catch {
    throw new Error(`The remote secret for ${to} does not hold a kubeconfig.`); // the cause would quote it
  }
}

async function copyElsewhere(mesh: Mesh, holder: MeshCluster, name: string): Promise<void> {
  const secret = await whileWaiting(() =>
    holder.api.core.readNamespacedSecret({ namespace: mesh.file.rootNamespace, name }),
  );
  const { labels = {}, annotations = {} } = secret.metadata ?? {};
  const namespace = holder.namespace;
  const metadata = await asIssued(holder, { namespace, name, labels, annotations });
  const body: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: secret.type ?? 'Opaque',
    metadata,
    data: secret.data ?? {},
  };
  await whileWaiting(() => holder.api.core.createNamespacedSecret({ namespace, body }));
}

/** The names of entries, and a hash that does not reveal their values. */
function dataSummary(data: Record<string, string> | undefined): string {
  const entries = Object.entries(data ?? {}).toSorted();
  const hash = createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 12);
  return `${entries.map(([name]) => name).join(', ') || 'nothing'} (${hash})`;
}
