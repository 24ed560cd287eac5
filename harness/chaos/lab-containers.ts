import { CommandFailed } from '../base/command.ts';
import { docker, inspect, type DockerEngine } from '../base/docker.ts';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { loadTopology } from '../config/load.ts';
import type { Mesh } from '../mesh/attach.ts';
import { FaultUnavailable } from './fault.ts';

/** A lab's containers, from the mesh file and Docker. */
export interface LabAccess {
  name: string;
  engine: DockerEngine;
  /** The container of the wide-area link. */
  link: string;
  /** The ports that the link forwards, each with its purpose. */
  forwards: readonly { port: number; purpose: string }[];
}

/** @throws FaultUnavailable if the mesh is not a lab. */
export function labOf(mesh: Mesh): LabAccess {
  const { lab } = mesh.file;
  if (!lab)
    throw new FaultUnavailable(
      'The mesh is not a lab of meshproof: its containers cannot be disturbed. Use a lab: `meshproof up`.',
    );
  return {
    name: lab.name,
    engine: { endpoint: lab.engine },
    link: lab.link,
    forwards: loadTopology(lab.topology).link.forwards,
  };
}

/**
 * Runs Docker on the engine of a lab, within a time that a healthy engine never needs.
 *
 * @throws CommandFailed with the output of Docker; Error when Docker takes too long.
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
      `Docker at ${lab.engine.endpoint} did not finish within ${timeouts.apiMs / 1000} s: docker ${args.join(' ').slice(0, 120)}`,
      { cause: error },
    );
  }
}

/**
 * Runs a shell script in a container. Returns its output.
 *
 * @throws CommandFailed with its output when it ends with another status than zero.
 */
export const shell = (
  lab: LabAccess,
  container: string,
  script: string,
  ...args: string[]
): Promise<string> => inLab(lab, ['exec', '-i', container, 'bash', '-c', script, 'bash', ...args]);

/** The container of a node. */
export interface NodeContainer {
  name: string;
  /** The state by Docker: `running`, `paused`, `exited`. */
  state: string;
}

/** The nodes of a cluster in any state, the control plane first. */
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
    `Docker at ${lab.engine.endpoint} does not have a node of cluster ${cluster} (${label}). Start the lab again with \`meshproof up\`.`,
  );
}

/** The control plane's node of a cluster. */
export async function controlPlaneOf(lab: LabAccess, cluster: string): Promise<string> {
  return (await nodeContainers(lab, cluster))[0]?.name ?? '';
}

/** The attachment of a container to a Docker network. */
export interface Attachment {
  network: string;
  address: string;
}

/** The networks of a container, with its addresses. */
export async function attachmentsOf(lab: LabAccess, container: string): Promise<Attachment[]> {
  const format = '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{.IPAddress}}{{"\\n"}}{{end}}';
  const printed = (await inspect(lab.engine, 'container', container, format)) ?? '';
  return printed
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([network, address]) => (network && address ? [{ network, address }] : []));
}

/** The address of a cluster's control plane, at which other clusters reach its API server and its gateways. */
export async function nodeAddress(lab: LabAccess, cluster: string): Promise<string> {
  const node = await controlPlaneOf(lab, cluster);
  const address = (await attachmentsOf(lab, node))[0]?.address;
  if (address) return address;
  throw new Error(`Node ${node} of cluster ${cluster} is not attached to a Docker network.`);
}

/** The result of a TCP connection from a container. */
export interface Connected {
  how: 'answered' | 'refused' | 'silent';
  afterMs: number;
}

/** Opens a TCP connection from a container and closes it. */
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
 * Runs a script that changes a container for a fault, unless the fault was healed meanwhile. A process that is killed
 * does not cancel its request to Docker: the request can arrive after the healing.
 */
export const changeIn = (lab: LabAccess, container: string, id: string, script: string): Promise<string> =>
  shell(lab, container, `set -e; exec 9>"${lockFile}"; flock 9; [ -e "${mark(id)}" ] && exit 0; ${script}`);

/** Runs a script that undoes the change of a fault, and blocks changes of that fault that arrive later. */
export const undoIn = (lab: LabAccess, container: string, id: string, script: string): Promise<string> =>
  shell(lab, container, `set -e; exec 9>"${lockFile}"; flock 9; touch "${mark(id)}"; ${script}`);

const lockFile = '/run/meshproof.lock';
const mark = (id: string) => `/run/meshproof-healed-${id}`;

/** Whether a container can run commands: it exists, and is neither frozen nor stopped. */
export async function isRunning(lab: LabAccess, container: string): Promise<boolean> {
  try {
    return (await inLab(lab, ['inspect', '--format', '{{.State.Status}}', container])) === 'running';
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}
