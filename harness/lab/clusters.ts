import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CommandFailed, run } from '../base/command.ts';
import { timeouts } from '../base/timeouts.ts';
import type { TopologyCluster } from '../config/topology.ts';
import { missingCapabilities } from './capabilities.ts';
import { clusterProblem, finishedMark } from './cluster-problem.ts';
import { refuseFullDisk } from './disk.ts';
import { ensureInotifyInstances } from './kernel-limits.ts';
import { kindConfig, lightControlPlane, withinBoundsDropIn } from './kind-config.ts';
import { labDocker, names, networksOf, nodesOf, type EquippedLab, type Lab } from './lab.ts';
import type { Authorities } from './pki.ts';

async function refuseForeignNodes(lab: Lab, cluster: TopologyCluster): Promise<void> {
  const network = names.network(lab.name, cluster.network);
  for (const { name } of await nodesOf(lab, cluster)) {
    const networks = await networksOf(lab, name);
    if (networks !== undefined && !networks.includes(network)) {
      throw new Error(
        `Cluster ${cluster.name} cannot be created: meshproof did not create the existing kind cluster ${names.kindCluster(lab.name, cluster.name)} ` +
          `(its node ${name} is not on network ${network}). Choose another --name.`,
      );
    }
  }
}

/** Removes the nodes of a cluster with their volumes. */
async function deleteCluster(lab: Lab, cluster: Pick<TopologyCluster, 'name'>): Promise<void> {
  const nodes = (await nodesOf(lab, cluster)).map(({ name }) => name);
  if (nodes.length > 0) await labDocker(lab, ['rm', '-f', '-v', ...nodes]);
}

async function createCluster(
  lab: EquippedLab,
  cluster: TopologyCluster,
  report: (line: string) => void,
): Promise<void> {
  const name = names.kindCluster(lab.name, cluster.name);
  const cannotRaiseLimits = (await missingCapabilities()).includes('CAP_SYS_RESOURCE');
  const limitsDropIn = join(lab.folder, 'containerd-within-bounds.conf');
  const config = join(lab.folder, `${cluster.name}.kind.yaml`);
  await mkdir(lab.folder, { recursive: true });
  await writeFile(limitsDropIn, withinBoundsDropIn);
  const kubeadmPatches = join(lab.folder, `${cluster.name}.kubeadm-patches`);
  await mkdir(kubeadmPatches, { recursive: true });
  for (const [file, patch] of Object.entries(lightControlPlane))
    await writeFile(join(kubeadmPatches, file), patch);
  const settings = {
    image: lab.images.node,
    hasCni: lab.images.hasCni,
    cannotRaiseLimits,
    limitsDropIn,
    kubeadmPatches,
  };
  await writeFile(config, stringify(kindConfig(cluster, name, settings)));
  const kubeconfig = names.kubeconfig(lab.name, cluster.name);
  const warning = await ensureInotifyInstances();
  if (warning) report(warning);
  const limit = AbortSignal.timeout(timeouts.clusterMs);
  try {
    await run(
      [lab.tools['kind'] ?? '', 'create', 'cluster', '--config', config, '--kubeconfig', kubeconfig],
      {
        env: {
          DOCKER_HOST: lab.engine.endpoint,
          KIND_EXPERIMENTAL_DOCKER_NETWORK: names.network(lab.name, cluster.network),
          KIND_EXPERIMENTAL_PROVIDER: 'docker',
        },
        signal: lab.signal ? AbortSignal.any([lab.signal, limit]) : limit,
        pidFile: join(lab.folder, `${cluster.name}.kind.pid`),
        onLine: (line) => report(line.replace(/[^\x20-\x7e]/g, '').trim()),
      },
    );
  } catch (error) {
    if (lab.signal?.aborted || !(error instanceof CommandFailed || limit.aborted)) throw error;
    const reason =
      error instanceof CommandFailed
        ? causeOf(error.stderr)
        : `not done after ${timeouts.clusterMs / 1000} s`;
    throw new Error(`kind could not create cluster ${name}: ${reason}${warning ? `\n${warning}` : ''}`, {
      cause: error,
    });
  }
}

/** The lines in the output of kind and kubeadm that name the failure, without the stack traces. */
function causeOf(stderr: string): string {
  const relevant = stderr
    .split('\n')
    .filter((line) =>
      /^ERROR|^error|error execution phase|\[.*check\].*(failed|not healthy)|timed out/i.test(line),
    );
  return relevant.length > 0 ? [...new Set(relevant)].slice(0, 6).join('\n  ') : stderr.slice(-500);
}

/** A CNI configuration for Debian's plugins: pods are routed, and masqueraded outside the node's own network. */
const cniConfig = (podCidr: string): string =>
  JSON.stringify({
    cniVersion: '0.4.0',
    name: 'meshproof',
    plugins: [
      {
        type: 'ptp',
        ipMasq: true, // without masquerading, pods cannot reach the other network
        ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  });

async function podCidrs(
  lab: Lab,
  controlPlane: string,
  count: number,
): Promise<Record<string, { cidr: string; address: string }>> {
  const path = '{range .items[*]}{.metadata.name} {.spec.podCIDR} {.status.addresses[0].address}{"\\n"}{end}';
  const deadline = Date.now() + timeouts.podReadyMs;
  for (;;) {
    const printed = await labDocker(lab, [
      'exec',
      controlPlane,
      'kubectl',
      '--kubeconfig',
      '/etc/kubernetes/admin.conf',
      'get',
      'nodes',
      '-o',
      `jsonpath=${path}`,
    ]);
    const rows = printed.split('\n').map((line) => line.split(' '));
    if (
      rows.length === count &&
      rows.every((row) => row.length === 3 && row.every((field) => field !== ''))
    ) {
      return Object.fromEntries(
        rows.map(([node = '', cidr = '', address = '']) => [node, { cidr, address }]),
      );
    }
    if (Date.now() > deadline)
      throw new Error(`The nodes of ${controlPlane} have no pod ranges: kubectl printed "${printed}".`);
    await new Promise((resolve) => setTimeout(resolve, timeouts.pollMs));
  }
}

async function installCni(lab: Lab, cluster: TopologyCluster): Promise<void> {
  const nodes = await nodesOf(lab, cluster);
  const cidrs = await podCidrs(lab, nodes[0]?.name ?? '', cluster.nodes);
  for (const { name } of nodes) {
    const own = cidrs[name];
    if (!own)
      throw new Error(`Node ${name} is not registered: Kubernetes has ${Object.keys(cidrs).join(', ')}.`);
    await labDocker(lab, ['exec', '-i', name, 'sh', '-c', 'cat >/etc/cni/net.d/10-meshproof.conflist'], {
      input: cniConfig(own.cidr),
    });
    for (const [other, { cidr, address }] of Object.entries(cidrs)) {
      if (other !== name)
        await labDocker(lab, ['exec', name, 'ip', 'route', 'replace', cidr, 'via', address]);
    }
  }
}

/**
 * Creates a cluster, or finds it running. Rebuilds a cluster with a {@link clusterProblem}.
 *
 * @returns the outcome, for progress.
 * @throws Error if meshproof did not create a cluster of that name, or if kind fails.
 */
export async function ensureCluster(
  lab: EquippedLab,
  cluster: TopologyCluster,
  authorities: Authorities,
  report: (line: string) => void,
): Promise<string> {
  await refuseForeignNodes(lab, cluster);
  const problem = await clusterProblem(lab, cluster, authorities);
  if (problem === undefined) return 'already running';
  await refuseFullDisk(lab.engine, 'cluster', { signal: lab.signal });
  const existed = (await nodesOf(lab, cluster)).length > 0;
  await deleteCluster(lab, cluster);
  await createCluster(lab, cluster, report);
  if (!lab.images.hasCni) await installCni(lab, cluster);
  for (const image of lab.images.load) {
    report(`loading ${image}`);
    await run(
      [
        lab.tools['kind'] ?? '',
        'load',
        'docker-image',
        image,
        '--name',
        names.kindCluster(lab.name, cluster.name),
      ],
      {
        env: { DOCKER_HOST: lab.engine.endpoint },
        signal: lab.signal,
        limitMs: timeouts.clusterMs,
      },
    );
  }
  await labDocker(lab, ['exec', (await nodesOf(lab, cluster))[0]?.name ?? '', 'touch', finishedMark]);
  return existed ? `rebuilt: ${problem}` : 'created';
}
