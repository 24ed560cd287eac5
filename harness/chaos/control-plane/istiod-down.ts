import { z } from 'zod';
import { settleAll } from '../../base/settle-all.ts';
import { waitUntil } from '../../base/wait-until.ts';
import { whileWaiting } from '../../base/waiting.ts';
import { plainProbe } from '../../config/workload-names.ts';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { istiodsOf } from '../../mesh/istiod.ts';
import { clientProxies } from '../../mesh/readiness.ts';
import { Caller } from '../../traffic/caller.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { parameters } from '../parameters.ts';
import { endPods, healReplicas } from '../scale.ts';

/** The port of istiod for discovery. */
const discoveryPort = 15012;

const deployment = z.object({ namespace: z.string(), name: z.string(), replicas: z.int() });

/** Stops every istiod of a cluster, of each revision. Proxies keep their configuration. */
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
      throw new Error(
        `Cluster ${cluster} does not have an istiod in namespace ${mesh.file.rootNamespace} (label app=istiod). Check the mesh file.`,
      );
    requireUp(await lookAtIstiod(mesh, mesh.cluster(cluster)), cluster);
    return { deployments };
  },
  inject: async ({ mesh, parameters: { cluster }, undo: { deployments } }) => {
    await settleAll(
      deployments.map(({ namespace, name }) => endPods(mesh.cluster(cluster), { namespace, name })),
    );
  },
  prove: async ({ mesh, parameters: { cluster } }) => {
    let seen: IstiodSeen | undefined;
    const look = async () => isDown((seen = await lookAtIstiod(mesh, mesh.cluster(cluster))));
    await waitUntil(look, `istiod of ${cluster} to be refused`, bounds.istiod.injectMs);
    const shut = Object.keys(seen?.open ?? {}).join(', ');
    return `${cluster}: no pod of istiod is ready, and a pod without a sidecar can no longer connect to ${shut}`;
  },
  heal: async ({ mesh, parameters: { cluster }, undo: { deployments } }) => {
    await settleAll(
      deployments.map(({ namespace, name, replicas }) =>
        healReplicas(mesh.cluster(cluster), { namespace, name }, replicas),
      ),
    );
  },
  proveHealed: async ({ mesh, parameters: { cluster } }) => {
    const seen = await awaitConnected(mesh, mesh.cluster(cluster), bounds.istiod.healMs);
    return `${cluster}: istiod lists all ${seen} client proxies as connected (syncz)`;
  },
});

/** The istiod Deployments of a cluster, of every revision. */
export async function istiods({ file }: Mesh, cluster: MeshCluster): Promise<z.infer<typeof deployment>[]> {
  const namespace = file.rootNamespace;
  const { items } = await whileWaiting(() =>
    cluster.api.apps.listNamespacedDeployment({ namespace, labelSelector: 'app=istiod' }),
  );
  return items.map(({ metadata, spec }) => ({
    ...{ namespace, name: metadata?.name ?? '', replicas: spec?.replicas ?? 1 },
  }));
}

/** The observed state of the istiods of a cluster. */
export interface IstiodSeen {
  /** By Service of istiod, `host:15012`: whether a workload without a sidecar can connect to it. */
  open: Readonly<Record<string, boolean>>;
  /** Names of its pods that are ready. */
  ready: readonly string[];
}

/** @throws Error if istiod does not accept connections before the fault: a closed port afterwards proves nothing. */
export function requireUp({ open, ready }: IstiodSeen, cluster: string): void {
  if (Object.values(open).includes(true)) return;
  const services = Object.keys(open).join(', ') || 'no Service (label app=istiod)';
  throw new Error(
    `Cluster ${cluster}: no istiod Service accepts connections from a pod without a sidecar, even before the fault, so the fault cannot be verified: ` +
      `it tried ${services}; pods that are ready: ${ready.join(', ') || 'none'}.`,
  );
}

/** Whether istiod serves nothing: its pods are not ready, and its Services do not accept connections. */
export const isDown = ({ open, ready }: IstiodSeen): boolean =>
  ready.length === 0 && Object.keys(open).length > 0 && !Object.values(open).includes(true);

async function lookAtIstiod(mesh: Mesh, cluster: MeshCluster): Promise<IstiodSeen> {
  const namespace = mesh.file.rootNamespace;
  const pods = await cluster.findPods({ namespace, labels: { app: 'istiod' } });
  const { items } = await whileWaiting(() =>
    cluster.api.core.listNamespacedService({ namespace, labelSelector: 'app=istiod' }),
  );
  await using observer = new Caller(cluster, plainProbe);
  const looks = items.map(async ({ metadata }) => {
    const host = `${metadata?.name}.${namespace}.svc.cluster.local`;
    return [`${host}:${discoveryPort}`, await observer.canConnect(host, discoveryPort)] as const;
  });
  const ready = pods.filter((pod) => pod.ready).map(({ name }) => name);
  return { open: Object.fromEntries(await Promise.all(looks)), ready };
}

/** Waits until the proxies that send for us are connected to an istiod, as istiod tells. @returns how many. */
export async function awaitConnected(mesh: Mesh, cluster: MeshCluster, withinMs: number): Promise<number> {
  const proxies = await clientProxies(mesh, cluster);
  const areConnected = async () => {
    const istiods = await istiodsOf(cluster, mesh.file.rootNamespace);
    const pages: string[] = [];
    for (const istiod of istiods) {
      await using debug = istiod;
      pages.push(await debug.ask('/debug/syncz'));
    }
    return proxies.every(({ name, namespace }) =>
      pages.some((text) => text.includes(`${name}.${namespace}`)),
    );
  };
  await waitUntil(areConnected, `the proxies of ${cluster.name} to connect to istiod again`, withinMs);
  return proxies.length;
}
