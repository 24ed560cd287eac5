import { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import { whileWaiting } from '../../base/waiting.ts';
import type { ClusterTrust } from '../../traffic/read-trust.ts';
import { issueAuthority } from '../../x509/authorities.ts';
import { fingerprintOf, issuerIn, short } from '../../x509/pem.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { keepSecret, restoreKeptSecret, refuseForeignCopy, writeSecretData } from '../kept-secret.ts';
import { parameters } from '../parameters.ts';
import {
  awaitTrust,
  caData,
  caSecret,
  hurryMounts,
  intermediateSpec,
  labTrust,
  renewCertificates,
  replaceOthers,
  trustShown,
} from './plugged-authority.ts';

/**
 * A regular rotation: istiod reloads another intermediate of the same root, and a rollout renews the certificates.
 */
export const intermediateRotated = defineFault({
  id: 'intermediate-rotated',
  title: 'A cluster issues certificates from another intermediate of the same root',
  disturbs: 'control-plane',
  needsLab: true,
  stage: 'rest',
  bounds: bounds.intermediate,
  parameters: z.object({
    cluster: parameters.cluster,
    renew: z
      .enum(['all', 'none'])
      .default('all')
      .describe(
        'all: every workload gets a certificate of it, by a rollout. none: only pods that start later.',
      ),
  }),
  undo: z.object({ issuer: z.string() }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster }) => {
    await labTrust(mesh);
    await refuseForeignCopy(mesh.cluster(cluster), mesh.file.rootNamespace, caSecret);
    const { intermediate } = await trustShown(mesh, mesh.cluster(cluster));
    return { issuer: fingerprintOf(intermediate) };
  },
  inject: async ({ mesh, id, parameters: { cluster: name, renew }, undo: { issuer } }) => {
    const [cluster, namespace, lab] = [mesh.cluster(name), mesh.file.rootNamespace, await labTrust(mesh)];
    const { key, validDays } = intermediateSpec(lab);
    const signer = { authority: lab.root, key: lab.trust.root.key };
    const rotated = await issueAuthority(`${mesh.file.meshId} ${name} ${id}`, key, validDays, signer);
    const { data } = await whileWaiting(() =>
      cluster.api.core.readNamespacedSecret({ namespace, name: caSecret }),
    );
    await keepSecret(cluster, namespace, caSecret);
    await writeSecretData(cluster, namespace, caSecret, {
      ...data,
      ...caData(rotated, lab.root, [lab.root]),
    });
    await hurryMounts(mesh, cluster);
    const isTaken = (intermediate: string) => fingerprintOf(intermediate) !== issuer;
    const what = "istiod's own certificate to be of the new intermediate";
    await awaitTrust(mesh, cluster, (shown) => isTaken(shown.intermediate), what, timeouts.podReadyMs);
    if (renew === 'all') await renewCertificates(mesh, cluster, id);
  },
  prove: async ({ mesh, parameters: { cluster, renew }, undo: { issuer } }) => {
    const shown = await trustShown(mesh, mesh.cluster(cluster));
    const now = fingerprintOf(shown.intermediate);
    const renewed = shown.workloads.filter(({ chain }) => issuerIn(chain) === now);
    const wanted = renew === 'all' ? shown.workloads.length : 0;
    if (now === issuer || renewed.length < wanted)
      throw new Error(
        `${cluster}: istiod issues from ${short(now)}, and ${renewed.length} of ${shown.workloads.length} workloads have a certificate of it.`,
      );
    return `${cluster}: in TLS handshakes istiod shows the intermediate ${short(now)} instead of ${short(issuer)}, as do ${renewed.length} of ${shown.workloads.length} workloads`;
  },
  heal: async ({ mesh, parameters: { cluster: name }, undo: { issuer } }) => {
    const cluster = mesh.cluster(name);
    await restoreKeptSecret(cluster, mesh.file.rootNamespace, caSecret);
    await hurryMounts(mesh, cluster);
    const isBack = (intermediate: string) => fingerprintOf(intermediate) === issuer;
    const what = "istiod's own certificate to be of the intermediate as before";
    await awaitTrust(mesh, cluster, (shown) => isBack(shown.intermediate), what, timeouts.podReadyMs);
    await renewCertificates(mesh, cluster, null);
    // Pods that started meanwhile do not carry the mark, so its removal does not restart them.
    await replaceOthers(mesh, cluster, issuer);
  },
  proveHealed: async ({ mesh, parameters: { cluster }, undo: { issuer } }) => {
    const isBack = ({ intermediate, workloads }: ClusterTrust) =>
      fingerprintOf(intermediate) === issuer && workloads.every(({ chain }) => issuerIn(chain) === issuer);
    const what = `every certificate to be of ${short(issuer)}`;
    const shown = await awaitTrust(mesh, mesh.cluster(cluster), isBack, what, timeouts.propagationMs);
    return `${cluster}: istiod and ${shown.workloads.length} workloads show the intermediate ${short(issuer)} again`;
  },
});
