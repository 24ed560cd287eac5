import { docker, inspect } from '../base/docker.ts';
import { inside } from '../base/folders.ts';
import type { Topology, TopologyCluster } from '../config/topology.ts';
import type { Engine } from './engine.ts';
import type { Binaries } from './images/binaries.ts';
import type { LabImages } from './images/traits.ts';
import { labFolder } from './paths.ts';
import type { StepOptions } from './step.ts';

/** A lab by its name, on an engine: enough to find and to remove it. */
export interface LabRef {
  name: string;
  folder: string;
  engine: Engine;
  signal?: AbortSignal | undefined;
}

/** A lab with its shape. */
export interface Lab extends LabRef {
  /** The id of whoever makes it: see owner.ts. */
  owner: string;
  topology: Topology;
  /** Absolute path. */
  topologyPath: string;
}

/** A lab that has what it is made from. */
export interface EquippedLab extends Lab {
  images: LabImages;
  /** kind and istioctl at least. */
  tools: Binaries;
}

/** The label on every Docker object of a lab; its value is the lab's name. */
export const labLabel = 'meshproof.dev/lab';

/** Names of a lab's parts: all carry the lab's name. */
export const names = {
  network: (lab: string, network: string) => `meshproof-${lab}-${network}`,
  kindCluster: (lab: string, cluster: string) => `meshproof-${lab}-${cluster}`,
  link: (lab: string) => `meshproof-${lab}-link`,
  kubeconfig: (lab: string, cluster: string) => inside(labFolder(lab), `${cluster}.kubeconfig`),
  context: (lab: string, cluster: string) => `kind-meshproof-${lab}-${cluster}`,
};

/** Docker, on the lab's engine, ended with the lab's signal. */
export const labDocker = (
  lab: LabRef,
  args: string[],
  options: StepOptions & { input?: string; limitMs?: number } = {},
): Promise<string> => docker(lab.engine, args, { signal: lab.signal, ...options });

/** The node containers of a cluster, running or not, the control plane first. */
export async function nodesOf(
  lab: LabRef,
  cluster: Pick<TopologyCluster, 'name'>,
): Promise<{ name: string; running: boolean }[]> {
  const label = `label=io.x-k8s.kind.cluster=${names.kindCluster(lab.name, cluster.name)}`;
  const printed = await labDocker(lab, ['ps', '-a', '--filter', label, '--format', '{{.Names}} {{.State}}']);
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ name: line.split(' ')[0] ?? '', running: line.endsWith(' running') }))
    .sort((a, b) => Number(b.name.endsWith('control-plane')) - Number(a.name.endsWith('control-plane')));
}

/** The address of a container on a Docker network. */
export async function addressOf(lab: LabRef, container: string, network: string): Promise<string> {
  const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
  const address = await labDocker(lab, ['inspect', '--format', format, container]);
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) {
    throw new Error(
      `Container ${container} has no address on network ${network} (docker printed "${address}").`,
    );
  }
  return address;
}

/** The Docker networks that a container is on; undefined if the container does not exist. */
export async function networksOf(lab: LabRef, container: string): Promise<string[] | undefined> {
  const format = '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}';
  const printed = await inspect(lab.engine, 'container', container, format, { signal: lab.signal });
  return printed?.split(' ').filter((name) => name !== '');
}
