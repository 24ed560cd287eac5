import { CommandFailed } from '../base/command.ts';
import { docker, inspect, type DockerEngine } from '../base/docker.ts';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { loadTopology } from '../config/load.ts';
import type { Mesh } from '../mesh/attach.ts';
import { FaultUnavailable } from './fault.ts';

/** A lab's containers, as far as the mesh file and Docker tell. */
export interface LabAccess {
  name: string;
  engine: DockerEngine;
  /** Name of the container that is the wide-area link. */
  link: string;
  /** The ports that it forwards, and what for. */
  forwards: readonly { port: number; purpose: string }[];
}

/** @throws FaultUnavailable for a mesh that is no lab. */
export function labOf(mesh: Mesh): LabAccess {
  const { lab } = mesh.file;
  if (!lab) throw new FaultUnavailable('Only a lab of ours has containers that can be disturbed.');
  return {
    name: lab.name,
    engine: { endpoint: lab.engine },
    link: lab.link,
    forwards: loadTopology(lab.topology).link.forwards,
  };
}

/**
 * Docker on a lab's engine, within a time that no healthy engine needs.
 *
 * @throws CommandFailed with its words; Error when it is not done in time.
 */
export async function inLab(lab: LabAccess, args: string[], input?: string): Promise<string> {
  const signal = AbortSignal.timeout(timeouts.apiMs);
  try {
    return await whileWaiting(() =>
      docker(lab.engine, args, { ...(input === undefined ? {} : { input }), signal }),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Error(
      `Docker at ${lab.engine.endpoint} was not done within ${timeouts.apiMs / 1000} s: docker ${args.join(' ').slice(0, 120)}`,
      { cause: error },
    );
  }
}

/**
 * Runs a shell script in a container and returns what it printed.
 *
 * @throws CommandFailed with its words when it ends with another status than zero.
 */
export const shell = (
  lab: LabAccess,
  container: string,
  script: string,
  ...args: string[]
): Promise<string> => inLab(lab, ['exec', '-i', container, 'bash', '-c', script, 'bash', ...args]);

/** A node's container. */
export interface NodeContainer {
  name: string;
  /** As Docker says it: `running`, `paused`, `exited`. */
  state: string;
}

/** The nodes of a cluster, whatever state they are in, the control plane first. */
export async function nodeContainers(lab: LabAccess, cluster: string): Promise<NodeContainer[]> {
  const label = `label=io.x-k8s.kind.cluster=meshproof-${lab.name}-${cluster}`;
  const printed = await inLab(lab, ['ps', '-a', '--filter', label, '--format', '{{.Names}} {{.State}}']);
  const nodes = printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ name: line.split(' ')[0] ?? '', state: line.split(' ')[1] ?? '' }))
    .sort((a, b) => Number(b.name.endsWith('control-plane')) - Number(a.name.endsWith('control-plane')));
  if (nodes.length > 0) return nodes;
  throw new Error(
    `Docker at ${lab.engine.endpoint} has no node of cluster ${cluster} (${label}). Bring the lab back with \`meshproof up\`.`,
  );
}

/** The control plane's node of a cluster. */
export async function controlPlaneOf(lab: LabAccess, cluster: string): Promise<string> {
  return (await nodeContainers(lab, cluster))[0]?.name ?? '';
}

/** A container's place on a Docker network. */
export interface Attachment {
  network: string;
  address: string;
}

/** The networks that a container is on, with its addresses. */
export async function attachmentsOf(lab: LabAccess, container: string): Promise<Attachment[]> {
  const format = '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{.IPAddress}}{{"\\n"}}{{end}}';
  const printed = (await inspect(lab.engine, 'container', container, format)) ?? '';
  return printed
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([network, address]) => (network && address ? [{ network, address }] : []));
}

/** The address of a cluster's control plane, where its API server and its gateways answer the other clusters. */
export async function nodeAddress(lab: LabAccess, cluster: string): Promise<string> {
  const node = await controlPlaneOf(lab, cluster);
  const address = (await attachmentsOf(lab, node))[0]?.address;
  if (address) return address;
  throw new Error(`Node ${node} of cluster ${cluster} is on no Docker network.`);
}

/** How a TCP connection ended, seen from a container. */
export interface Connected {
  how: 'answered' | 'refused' | 'silent';
  afterMs: number;
}

/** Opens a TCP connection from a container, and closes it again. */
export async function connectFrom(
  lab: LabAccess,
  container: string,
  address: string,
  port: number,
): Promise<Connected> {
  const seconds = (timeouts.linkConnectMs / 1000).toFixed(3);
  const began = 'b=$(date +%s%N)';
  const ended = 'echo "$? $((($(date +%s%N) - b) / 1000000))"';
  const script = `${began}; timeout "$1" bash -c 'exec 3<>/dev/tcp/$0/$1' "$2" "$3" 2>/dev/null; ${ended}`;
  const [status = '', ms = ''] = (await shell(lab, container, script, seconds, address, String(port))).split(
    ' ',
  );
  const how = status === '0' ? 'answered' : status === '124' ? 'silent' : 'refused';
  return { how, afterMs: Number(ms) };
}

/**
 * Runs a script that changes something in a container, for a fault: not when that fault was healed meanwhile. A process that
 * is killed does not take back what it asked Docker for; it may come after the healing.
 */
export const changeIn = (lab: LabAccess, container: string, id: string, script: string): Promise<string> =>
  shell(lab, container, `set -e; exec 9>"${lockFile}"; flock 9; [ -e "${mark(id)}" ] && exit 0; ${script}`);

/** Runs a script that takes a fault's change back, and keeps changes of it from coming later. */
export const undoIn = (lab: LabAccess, container: string, id: string, script: string): Promise<string> =>
  shell(lab, container, `set -e; exec 9>"${lockFile}"; flock 9; touch "${mark(id)}"; ${script}`);

const lockFile = '/run/meshproof.lock';
const mark = (id: string) => `/run/meshproof-healed-${id}`;

/** Whether a container can be given commands: it is there and neither frozen nor stopped. */
export async function isRunning(lab: LabAccess, container: string): Promise<boolean> {
  try {
    return (await inLab(lab, ['inspect', '--format', '{{.State.Status}}', container])) === 'running';
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}
