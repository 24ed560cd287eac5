import { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import { whileWaiting } from '../../base/waiting.ts';
import { fingerprintOf, short } from '../../x509/pem.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import {
  keepSecret,
  restoreKeptSecret,
  readKept,
  readSecret,
  refuseForeignCopy,
  writeSecretData,
} from '../kept-secret.ts';
import { parameters } from '../parameters.ts';
import { type AuthorityChange, authorityChanges } from './authority-changes.ts';
import { awaitTrust, caSecret, hurryMounts, labTrust, trustShown } from './plugged-authority.ts';

const changes = ['gone', ...(Object.keys(authorityChanges) as AuthorityChange[])] as const;

/**
 * Changes or deletes the Secret with the authority of a cluster, and restarts nothing: an istiod that starts would
 * use it. A running istiod keeps its authority until the kubelet delivers the change, after about a minute, and
 * rejects an authority that does not chain to its root. So the mesh does not show the fault until then, and often
 * never. The proof can only be that the data of the Secret has changed.
 */
export const authorityChanged = defineFault({
  id: 'authority-changed',
  title: 'The Secret with the certificate authority of a cluster is wrong',
  disturbs: 'control-plane',
  needsLab: true,
  stage: 'rest',
  bounds: bounds.intermediate,
  parameters: z.object({
    cluster: parameters.cluster,
    change: z.enum(changes).describe('What is wrong with the Secret.'),
  }),
  /** The fingerprint of the authority of istiod before the fault. */
  undo: z.object({ issuer: z.string() }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster }) => {
    await labTrust(mesh);
    await refuseForeignCopy(mesh.cluster(cluster), mesh.file.rootNamespace, caSecret);
    const { intermediate } = await trustShown(mesh, mesh.cluster(cluster));
    return { issuer: fingerprintOf(intermediate) };
  },
  inject: async ({ mesh, id, parameters: { cluster: name, change } }) => {
    const [cluster, namespace, lab] = [mesh.cluster(name), mesh.file.rootNamespace, await labTrust(mesh)];
    await keepSecret(cluster, namespace, caSecret);
    if (change === 'gone')
      return void (await whileWaiting(() =>
        cluster.api.core.deleteNamespacedSecret({ namespace, name: caSecret }),
      ));
    const before = (await readKept(cluster, namespace, caSecret)) ?? {};
    const data = await authorityChanges[change](before, lab, `${mesh.file.meshId} ${name} ${id}`);
    await writeSecretData(cluster, namespace, caSecret, data);
  },
  prove: async ({ mesh, parameters: { cluster: name, change } }) => {
    const [cluster, namespace] = [mesh.cluster(name), mesh.file.rootNamespace];
    const was = (await readKept(cluster, namespace, caSecret)) ?? {};
    const is = (await readSecret(cluster, namespace, caSecret))?.data;
    const differing = Object.keys(was).filter((key) => is?.[key] !== was[key]);
    if (differing.length === 0)
      throw new Error(`Secret ${namespace}/${caSecret} of cluster ${name} was not changed.`);
    return `${name}: Secret ${namespace}/${caSecret} (${change}) ${is ? `has other ${differing.join(', ')}` : 'is gone'}`;
  },
  heal: async ({ mesh, parameters: { cluster: name } }) => {
    const cluster = mesh.cluster(name);
    await restoreKeptSecret(cluster, mesh.file.rootNamespace, caSecret);
    await hurryMounts(mesh, cluster);
  },
  proveHealed: async ({ mesh, parameters: { cluster }, undo: { issuer } }) => {
    const what = `istiod's own certificate to be of ${short(issuer)}`;
    const isBack = ({ intermediate }: { intermediate: string }) => fingerprintOf(intermediate) === issuer;
    await awaitTrust(mesh, mesh.cluster(cluster), isBack, what, timeouts.podReadyMs);
    return `${cluster}: istiod shows the intermediate ${short(issuer)}`;
  },
});
