import { z } from 'zod';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { istiodsOf } from '../../mesh/istiod.ts';
import { clientProxies } from '../../mesh/readiness.ts';
import { waitUntil } from '../../mesh/wait-until.ts';
import { plainProbe } from '../../mesh/workloads.ts';
import { settleAll } from '../../settle-all.ts';
import { Caller } from '../../traffic/caller.ts';
import { whileWaiting } from '../../waiting.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { parameters } from '../parameters.ts';
import { endPods, putBack } from '../scale.ts';

/** Istiod serves discovery here. */
const discoveryPort = 15012;

const deployment = z.object({ namespace: z.string(), name: z.string(), replicas: z.int() });

/** Every istiod of a cluster, of whatever revision; proxies keep what they were told. */
export const istiodDown = defineFault({
  id: 'istiod-down',
  title: 'A cluster has no istiod',
  disturbs: 'control-plane',
  needsLab: false,
  stage: 'rest',
  bounds: bounds.istiod,
  parameters: z.object({ cluster: parameters.cluster }),
  undo: z.object({ deployments: z.array(deployment) }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster }) => {
    const deployments = await istiods(mesh, mesh.cluster(cluster));
    if (!deployments.some(({ replicas }) => replicas > 0))
      throw new Error(`Cluster ${cluster} has no istiod in ${mesh.file.rootNamespace} (label app=istiod).`);
    return { deployments };
  },
  inject: async ({ mesh, parameters: { cluster }, undo: { deployments } }) => {
    await settleAll(
      deployments.map(({ namespace, name }) => endPods(mesh.cluster(cluster), { namespace, name })),
    );
  },
  prove: async ({ mesh, parameters: { cluster } }) => {
    let seen = new Map<string, boolean>();
    const isDown = async () => {
      seen = await lookAtServices(mesh, mesh.cluster(cluster));
      return ![...seen.values()].includes(true);
    };
    await waitUntil(isDown, `istiod of ${cluster} to be refused`, bounds.istiod.injectMs);
    return `${cluster}: a pod without a sidecar is not let through to ${[...seen.keys()].join(', ')}`;
  },
  heal: async ({ mesh, parameters: { cluster }, undo: { deployments } }) => {
    await settleAll(
      deployments.map(({ namespace, name, replicas }) =>
        putBack(mesh.cluster(cluster), { namespace, name }, replicas),
      ),
    );
  },
  proveHealed: async ({ mesh, parameters: { cluster } }) => {
    const seen = await awaitConnected(mesh, mesh.cluster(cluster), bounds.istiod.healMs);
    return `${cluster}: istiod lists all ${seen} client proxies as connected (syncz)`;
  },
});

async function istiods({ file }: Mesh, cluster: MeshCluster): Promise<z.infer<typeof deployment>[]> {
  const namespace = file.rootNamespace;
  const { items } = await whileWaiting(() =>
    cluster.api.apps.listNamespacedDeployment({ namespace, labelSelector: 'app=istiod' }),
  );
  return items.map(({ metadata, spec }) => ({
    ...{ namespace, name: metadata?.name ?? '', replicas: spec?.replicas ?? 1 },
  }));
}

/** Whether a workload without a sidecar is let through to port 15012 of a Service of istiod's; each Service in words. */
async function lookAtServices(mesh: Mesh, cluster: MeshCluster): Promise<Map<string, boolean>> {
  const namespace = mesh.file.rootNamespace;
  const { items } = await whileWaiting(() =>
    cluster.api.core.listNamespacedService({ namespace, labelSelector: 'app=istiod' }),
  );
  await using observer = new Caller(cluster, plainProbe);
  const seen = new Map<string, boolean>();
  for (const { metadata } of items) {
    const host = `${metadata?.name}.${namespace}.svc.cluster.local`;
    seen.set(`${host}:${discoveryPort}`, await observer.canConnect(host, discoveryPort));
  }
  return seen;
}

/** Waits until the proxies that send for us are connected to an istiod, as istiod tells. @returns how many. */
async function awaitConnected(mesh: Mesh, cluster: MeshCluster, withinMs: number): Promise<number> {
  const proxies = await clientProxies(mesh, cluster);
  const areConnected = async () => {
    const istiods = await istiodsOf(cluster, mesh.file.rootNamespace);
    const told: string[] = [];
    for (const istiod of istiods) {
      await using debug = istiod;
      told.push(await debug.ask('/debug/syncz'));
    }
    return proxies.every(({ name, namespace }) => told.some((text) => text.includes(`${name}.${namespace}`)));
  };
  await waitUntil(areConnected, `the proxies of ${cluster.name} to come back to istiod`, withinMs);
  return proxies.length;
}
