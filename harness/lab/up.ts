import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { stringify } from 'yaml';
import { makeFolder } from '../base/folders.ts';
import { settleAll } from '../base/settle-all.ts';
import { timeouts } from '../base/timeouts.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import type { Topology } from '../config/topology.ts';
import { applyAll, openClusterApi, type ClusterApi } from '../kube/cluster-api.ts';
import { renderWorkloads } from '../workloads/workloads.ts';
import { ensureCluster } from './clusters.ts';
import { ensureEngine, type Engine } from './engine.ts';
import { ensureImages, ensureTools, type ImageSource } from './images/index.ts';
import type { LabImages } from './images/traits.ts';
import { crossNetworkGateway, ensureGatewayAddresses, ensureIstio, prepareIstio } from './istio.ts';
import { ensureK6 } from './k6-binary.ts';
import { engineOf, rememberEngine } from './lab-engine.ts';
import { names, type EquippedLab } from './lab.ts';
import { LeftBehind, type HealMesh } from './left-behind.ts';
import { ensureLink, ensureRoutes } from './link.ts';
import { ensureNetworks } from './networks.ts';
import { ensureOwner } from './owner.ts';
import { labFolder, labMeshFile } from './paths.ts';
import { ensureAuthorities, type Authorities } from './pki.ts';
import { shareCluster } from './remote-secrets.ts';
import { SideBySide } from './side-by-side.ts';
import type { Step, StepOptions } from './step.ts';
import { dataPort } from './supported.ts';

export interface UpOptions {
  name: string;
  topology: Topology;
  topologyPath: string;
  images: ImageSource;
  signal?: AbortSignal | undefined;
  heal: HealMesh;
  /** Waits until every client proxy has the endpoints of the mesh file. */
  awaitReadiness: (meshFile: string, report: (line: string) => void) => Promise<void>;
}

/** The results that the steps of `up` share. */
interface Progress {
  lab?: EquippedLab;
  authorities?: Authorities;
  left: LeftBehind;
  apis: Map<string, ClusterApi>;
  addresses: Map<string, string>;
}

const labOf = ({ lab }: Progress): EquippedLab => {
  if (!lab) throw new Error('The engine and the images of the lab are not ready yet.');
  return lab;
};
const authoritiesOf = ({ authorities }: Progress): Authorities => {
  if (!authorities) throw new Error('The certificate authorities are not ready yet.');
  return authorities;
};
const apiOf = ({ apis }: Progress, cluster: string): ClusterApi => {
  const api = apis.get(cluster);
  if (!api) throw new Error(`The API of cluster ${cluster} is not open yet.`);
  return api;
};

/** Builds the images, and k6 at the same time. Only `run` needs k6, but its build fits into the waits of the images. */
async function ensureImagesAndK6(
  source: ImageSource,
  engine: Engine,
  options: StepOptions,
): Promise<LabImages> {
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const together = new SideBySide({ ...options, signal });
  const parts = [
    together.part('images', (step) => ensureImages(source, engine, step)),
    together.part('k6', (step) => ensureK6(step)),
  ] as const;
  parts.forEach((part) => void part.catch((error: unknown) => failed.abort(error)));
  return (await Promise.all(parts))[0];
}

async function equip(
  options: UpOptions,
  progress: Progress,
  report: (line: string) => void,
): Promise<string> {
  const { name, topology, topologyPath, signal } = options;
  const folder = labFolder(name);
  makeFolder(folder);
  const step = { signal, onLine: report };
  const engine = (await engineOf(name)) ?? (await ensureEngine(step));
  await rememberEngine(name, engine);
  const images = await ensureImagesAndK6(options.images, engine, step);
  const tools = await ensureTools(step);
  const owner = await ensureOwner(folder);
  progress.lab = { name, topology, topologyPath, folder, owner, engine, signal, images, tools };
  const from = `Docker ${engine.version}${engine.ours ? ' (private)' : ''}, images from ${images.source}`;
  return [from, ...images.notes].join('; ');
}

/** The mesh file of a lab, from its topology and the addresses of its gateways. */
function meshFileOf(lab: EquippedLab, addresses: ReadonlyMap<string, string>): MeshFile {
  const { topology } = lab;
  return {
    apiVersion: 'meshproof.dev/v1',
    kind: 'Mesh',
    meshId: topology.meshId,
    trustDomain: topology.trust.domain,
    rootNamespace: 'istio-system',
    lab: {
      name: lab.name,
      topology: relative(lab.folder, lab.topologyPath),
      engine: lab.engine.endpoint,
      link: names.link(lab.name),
      images: lab.images.source,
    },
    namespace: 'meshproof',
    clusters: topology.clusters.map((cluster) => {
      const address = addresses.get(cluster.name) ?? '';
      return {
        name: cluster.name,
        kubeconfig: `./${cluster.name}.kubeconfig`,
        context: names.context(lab.name, cluster.name),
        role: cluster.role,
        network: cluster.network,
        region: cluster.region,
        zone: cluster.zone,
        ...(cluster.ingress ? { ingress: `http://${address}/` } : {}),
        eastWestGateway: {
          address,
          port: dataPort,
          namespace: 'istio-system',
          deployment: 'istio-eastwestgateway',
        },
      };
    }),
    services: topology.workloads.map(({ service, pods }) => ({ name: service, pods })),
  };
}

async function deployWorkloads(
  lab: EquippedLab,
  cluster: Topology['clusters'][number],
  api: ClusterApi,
): Promise<void> {
  const objects = renderWorkloads({
    namespace: 'meshproof',
    services: lab.topology.workloads.map(({ service, pods }) => ({ name: service, pods })),
    cluster,
    image: `${lab.images.istio.hub}/proxyv2:${lab.images.istio.tag}`,
  });
  await applyAll(api, objects);
}

type Cluster = Topology['clusters'][number];

const clusterStep = (cluster: Cluster, progress: Progress): Step => ({
  title: `Cluster ${cluster.name}`,
  run: async (report) => {
    const lab = labOf(progress);
    const outcome = await ensureCluster(lab, cluster, authoritiesOf(progress), report);
    const { name } = cluster;
    const kubeconfig = names.kubeconfig(lab.name, name);
    const limits = { limitMs: timeouts.commandMs, signal: lab.signal };
    progress.apis.set(name, openClusterApi(name, names.context(lab.name, name), kubeconfig, limits));
    return outcome;
  },
});

const istioStep = (cluster: Cluster, progress: Progress): Step => ({
  title: `Istio in ${cluster.name}`,
  run: async (report) => {
    const [lab, api] = [labOf(progress), apiOf(progress, cluster.name)];
    const outcome = await ensureIstio(lab, cluster, api, report);
    progress.addresses.set(cluster.name, await ensureGatewayAddresses(lab, cluster, api));
    await applyAll(api, [crossNetworkGateway]);
    await deployWorkloads(lab, cluster, api);
    return outcome;
  },
});

async function finish(options: UpOptions, progress: Progress, report: (line: string) => void) {
  const lab = labOf(progress);
  const file = labMeshFile(lab.name);
  await writeFile(file, stringify(meshFileOf(lab, progress.addresses)), { mode: 0o600 });
  const healed = await progress.left.healAfter();
  if (healed) await ensureRoutes(lab); // healing a fault restores routes that a node had before its rebuild
  await options.awaitReadiness(file, report);
  return healed;
}

/** The steps that create a lab, or complete a partial one. Each step checks first, and does only the missing work. */
export function upSteps(options: UpOptions): Step[] {
  const { clusters } = options.topology;
  const left = new LeftBehind(labMeshFile(options.name), options.heal);
  const progress: Progress = { left, apis: new Map(), addresses: new Map() };
  const authorities = async (): Promise<undefined> => {
    progress.authorities = await ensureAuthorities(labOf(progress));
  };
  return [
    {
      title: 'Preparation',
      concurrent: true,
      steps: [
        { title: 'Engine, images and tools', run: (report) => equip(options, progress, report) },
        { title: 'Leftovers of a killed run', run: () => progress.left.healBefore() },
      ],
    },
    { title: 'Certificate authorities', run: authorities }, // first: a cluster with another root must be rebuilt
    { title: 'Networks', run: () => ensureNetworks(labOf(progress)) },
    {
      title: 'Clusters and the wide-area link',
      concurrent: true,
      steps: [
        { title: 'Link', run: () => ensureLink(labOf(progress)) },
        ...clusters.map((cluster) => clusterStep(cluster, progress)),
      ],
    },
    { title: 'Trust and discovery between the clusters', run: () => join(progress) },
    {
      title: 'Istio and workloads',
      concurrent: true,
      steps: clusters.map((cluster) => istioStep(cluster, progress)),
    },
    { title: 'Ready: every proxy knows every endpoint', run: (report) => finish(options, progress, report) },
  ];
}

async function join(progress: Progress): Promise<undefined> {
  const lab = labOf(progress);
  const { apis } = progress;
  const authorities = authoritiesOf(progress);
  const { clusters } = lab.topology;
  await settleAll([
    ensureRoutes(lab),
    ...clusters.map((cluster) => prepareIstio(cluster, apiOf(progress, cluster.name), authorities)),
  ]);
  await settleAll(clusters.map((cluster) => shareCluster(lab, cluster, apis)));
  return undefined;
}
