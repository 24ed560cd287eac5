import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from '../base/docker.ts';
import { settleAll } from '../base/settle-all.ts';
import { timeouts } from '../base/timeouts.ts';
import type { TopologyCluster } from '../config/topology.ts';
import {
  addressOf,
  labDocker,
  labLabel,
  names,
  networksOf,
  nodesOf,
  type EquippedLab,
  type Lab,
} from './lab.ts';
import { subnetOf } from './networks.ts';
import { labelsOf } from './owner.ts';
import { projectRoot } from './paths.ts';

const forwardsLabel = 'meshproof.dev/forwards';

/** Starts the wide-area link between the lab's networks, or finds it running. */
export async function ensureLink(lab: EquippedLab): Promise<string> {
  const name = names.link(lab.name);
  const forwards = lab.topology.link.forwards.map(({ port }) => port).join(' ');
  const networks = lab.topology.networks.map((network) => names.network(lab.name, network.name));
  const format = `{{.State.Running}} {{index .Config.Labels "${labLabel}"}} {{index .Config.Labels "${forwardsLabel}"}}`;
  const found = await inspect(lab.engine, 'container', name, format, { signal: lab.signal });
  if (found !== undefined && found.split(' ')[1] !== lab.name) {
    throw new Error(
      `The link cannot be created: meshproof did not create the existing container ${name}. Remove it (docker rm -f ${name}) or choose another --name.`,
    );
  }
  const joined = await networksOf(lab, name);
  const complete = networks.every((network) => joined?.includes(network));
  if (found === `true ${lab.name} ${forwards}` && complete) return 'already running';
  if (found !== undefined) await labDocker(lab, ['rm', '-f', '-v', name]);
  const [first, ...others] = networks;
  const { GenericContainer, Wait } = await import('testcontainers'); // takes 0.5 s, and most often the link already runs
  // testcontainers reads the engine from the environment. Its reaper must not remove the link at the end of this process.
  process.env['DOCKER_HOST'] = lab.engine.endpoint;
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  // Without this setting, testcontainers looks up the host's address on a default bridge, but the link publishes no port.
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] ??= '127.0.0.1';
  await new GenericContainer(lab.images.tools)
    .withName(name)
    .withLabels({ ...labelsOf(lab), [forwardsLabel]: forwards })
    .withNetworkMode(first ?? '')
    .withPrivilegedMode()
    .withAutoCleanup(false)
    .withEnvironment({ FORWARDS: forwards })
    .withCopyContentToContainer([
      { content: await readFile(join(projectRoot, 'clusters/link/link.sh'), 'utf8'), target: '/link.sh' },
    ])
    .withEntrypoint(['/bin/sh', '/link.sh'])
    .withWaitStrategy(Wait.forLogMessage('link: forwarding'))
    .withStartupTimeout(timeouts.podReadyMs)
    .start();
  for (const network of others) await labDocker(lab, ['network', 'connect', network, name]);
  return `forwards TCP ${forwards}`;
}

/** Gives every node its routes to the other networks, through the link. A restarted node loses its routes. */
export async function ensureRoutes(lab: Lab): Promise<void> {
  await settleAll(lab.topology.clusters.map((cluster) => ensureRoutesFrom(lab, cluster)));
}

async function ensureRoutesFrom(lab: Lab, cluster: TopologyCluster): Promise<void> {
  const via = await addressOf(lab, names.link(lab.name), names.network(lab.name, cluster.network));
  const nodes = await nodesOf(lab, cluster);
  for (const network of lab.topology.networks.filter(({ name }) => name !== cluster.network)) {
    const subnet = await subnetOf(lab, network.name);
    for (const node of nodes)
      await labDocker(lab, ['exec', node.name, 'ip', 'route', 'replace', subnet, 'via', via]);
  }
}
