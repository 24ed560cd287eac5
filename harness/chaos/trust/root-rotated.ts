import { z } from 'zod';
import { settleAll } from '../../base/settle-all.ts';
import { timeouts } from '../../base/timeouts.ts';
import { whileWaiting } from '../../base/waiting.ts';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { type Authority, issueAuthority } from '../../x509/authorities.ts';
import { certificatesOf, fingerprintOf, issuerIn, short } from '../../x509/pem.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import {
  keepSecret,
  restoreKeptSecret,
  readKept,
  refuseForeignCopy,
  writeSecretData,
} from '../kept-secret.ts';
import {
  awaitTrust,
  caData,
  caSecret,
  encoded,
  intermediateSpec,
  labTrust,
  renewCertificates,
  restartIstiod,
  trustShown,
} from './plugged-authority.ts';

/** All workloads must trust a root before a certificate of it is used: so there are two rounds. */
type Round = 'both roots are trusted' | 'the new root issues';

/**
 * A regular rotation of the root: first all clusters trust both roots, then each issues from an intermediate of the
 * new root. Healing does the same in reverse. Each round restarts istiod, which does not reload roots (its switch for
 * that, ISTIO_MULTIROOT_MESH, is off by default), and all workloads, because proxies keep the roots that they got
 * with their certificate.
 */
export const rootRotated = defineFault({
  id: 'root-rotated',
  title: 'The mesh gets a new root, with both trusted, and every cluster an intermediate of it',
  disturbs: 'control-plane',
  needsLab: true,
  stage: 'rest',
  bounds: bounds.root,
  parameters: z.object({}),
  /** Fingerprints, by cluster. */
  undo: z.object({ issuers: z.record(z.string(), z.string()) }),
  clusters: (_, mesh) => mesh.clusters.map(({ name }) => name),
  prepare: async (mesh) => {
    await labTrust(mesh);
    await eachCluster(mesh, (cluster) => refuseForeignCopy(cluster, mesh.file.rootNamespace, caSecret));
    const issuers = mesh.clusters.map(async (cluster) => {
      const { intermediate } = await trustShown(mesh, cluster);
      return [cluster.name, fingerprintOf(intermediate)] as const;
    });
    return { issuers: Object.fromEntries(await Promise.all(issuers)) };
  },
  inject: async ({ mesh, id }) => {
    const lab = await labTrust(mesh);
    const { key, validDays } = intermediateSpec(lab);
    const rootKey = lab.trust.root.key;
    const root = await issueAuthority(`${mesh.file.meshId} root ${id}`, rootKey, lab.trust.root.validDays);
    const roots = [lab.root, root];
    await eachCluster(mesh, async (cluster) => {
      await keepSecret(cluster, mesh.file.rootNamespace, caSecret);
      await change(mesh, cluster, encoded({ 'root-cert.pem': pemOf(roots) }));
      await round(mesh, cluster, `${id}-trust`, 'both roots are trusted', 2);
    });
    await eachCluster(mesh, async (cluster) => {
      const name = `${mesh.file.meshId} ${cluster.name} ${id}`;
      const rotated = await issueAuthority(name, key, validDays, { authority: root, key: rootKey });
      await change(mesh, cluster, caData(rotated, root, roots));
      await round(mesh, cluster, `${id}-issue`, 'the new root issues', 2);
    });
  },
  prove: async ({ mesh, undo: { issuers } }) => {
    const shown = await Promise.all(mesh.clusters.map((cluster) => trustShown(mesh, cluster)));
    const words = shown.map(({ cluster, intermediate, roots, workloads }) => {
      const [before, now, trusted] = [
        issuers[cluster],
        fingerprintOf(intermediate),
        certificatesOf(roots).length,
      ];
      const renewed = workloads.filter(({ chain }) => issuerIn(chain) === now).length;
      if (now === before || renewed < workloads.length || trusted !== 2)
        throw new Error(
          `${cluster} trusts ${trusted} roots, issues from ${short(now)}, and ${renewed} of ${workloads.length} workloads show that.`,
        );
      return `${cluster} trusts 2 roots, and istiod and ${renewed} workloads show ${short(now)} instead of ${short(before ?? '')}`;
    });
    return `in TLS handshakes ${words.join('; ')}`;
  },
  heal: async ({ mesh, id }) => {
    const namespace = mesh.file.rootNamespace;
    await eachCluster(mesh, async (cluster) => {
      const kept = await readKept(cluster, namespace, caSecret);
      if (!kept) return;
      const { 'root-cert.pem': _old, ...issuing } = kept;
      await change(mesh, cluster, issuing);
      await round(mesh, cluster, `${id}-back`, 'both roots are trusted', undefined);
    });
    await eachCluster(mesh, async (cluster) => {
      await restoreKeptSecret(cluster, namespace, caSecret);
      await restartIstiod(mesh, cluster, null);
      await awaitRoots(mesh, cluster, 1);
      await renewCertificates(mesh, cluster, null);
    });
  },
  proveHealed: async ({ mesh, undo: { issuers } }) => {
    const words = mesh.clusters.map(async (cluster) => {
      const before = issuers[cluster.name];
      const shown = await awaitTrust(
        mesh,
        cluster,
        ({ intermediate, roots, workloads }) =>
          fingerprintOf(intermediate) === before &&
          certificatesOf(roots).length === 1 &&
          workloads.every(({ chain }) => issuerIn(chain) === before),
        'the root and the certificates as before',
        timeouts.propagationMs,
      );
      return `${cluster.name} trusts 1 root, and istiod and ${shown.workloads.length} workloads show ${short(before ?? '')} again`;
    });
    return (await Promise.all(words)).join('; ');
  },
});

const eachCluster = async (mesh: Mesh, act: (cluster: MeshCluster) => Promise<void>): Promise<void> =>
  void (await settleAll(mesh.clusters.map(act)));

const pemOf = (authorities: readonly Pick<Authority, 'certificate'>[]): string =>
  authorities.map(({ certificate }) => certificate).join('');

/** Replaces some of the data of `cacerts`. */
async function change(mesh: Mesh, cluster: MeshCluster, over: Record<string, string>): Promise<void> {
  const at = { namespace: mesh.file.rootNamespace, name: caSecret };
  const { data } = await whileWaiting(() => cluster.api.core.readNamespacedSecret(at));
  await writeSecretData(cluster, at.namespace, at.name, { ...data, ...over });
}

/** Restarts istiod, waits until the namespace of the workloads has the roots, and renews certificates. */
async function round(
  mesh: Mesh,
  cluster: MeshCluster,
  by: string,
  what: Round,
  roots: number | undefined,
): Promise<void> {
  try {
    await restartIstiod(mesh, cluster, by);
    if (roots !== undefined) await awaitRoots(mesh, cluster, roots);
    await renewCertificates(mesh, cluster, by);
  } catch (error) {
    throw new Error(`Cluster ${cluster.name} did not reach the state in which ${what}.`, { cause: error });
  }
}

const awaitRoots = (mesh: Mesh, cluster: MeshCluster, count: number) =>
  awaitTrust(
    mesh,
    cluster,
    ({ roots }) => certificatesOf(roots).length === count,
    `${count} roots in ${cluster.namespace}'s istio-ca-root-cert`,
    timeouts.podReadyMs,
  );
