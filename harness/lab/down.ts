import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from 'zx';
import { CommandFailed } from '../base/command.ts';
import { inspect } from '../base/docker.ts';
import { inside } from '../base/folders.ts';
import { timeouts } from '../base/timeouts.ts';
import { labDocker, labLabel, names, type LabRef } from './lab.ts';
import { refuseForeign } from './owner.ts';

/** kind's own label on a node: the name of its cluster. */
const kindLabel = 'io.x-k8s.kind.cluster';

/** A container that someone else put on a network of a lab. */
export interface Stranger {
  container: string;
  network: string;
}

/** The Docker objects of a lab, and what else is on its networks. */
export interface LabObjects {
  networks: string[];
  containers: string[];
  strangers: Stranger[];
}

/** The rows of a `docker … ls` with a filter. */
async function listed(
  lab: LabRef,
  kind: 'container' | 'network',
  filter: string,
  ...fields: string[]
): Promise<string[][]> {
  const args = ['ls', ...(kind === 'container' ? ['-a'] : []), '--filter', filter];
  const printed = await labDocker(lab, [kind, ...args, '--format', fields.join('\t')]);
  return printed.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]));
}

/** Whether a kind cluster was made for a lab, by its name. */
const isClusterOf = (lab: LabRef, cluster: string): boolean =>
  cluster.startsWith(names.kindCluster(lab.name, ''));

/**
 * The Docker objects of a lab. kind's nodes do not have meshproof's label; they are on meshproof's networks, which each
 * joins at its creation, and have kind's label with the lab's name. Any other container on these networks is not meshproof's.
 */
export async function labObjects(lab: LabRef): Promise<LabObjects> {
  const own = `label=${labLabel}=${lab.name}`;
  const [ownNetworks, ownContainers] = await Promise.all([
    listed(lab, 'network', own, '{{.Name}}'),
    listed(lab, 'container', own, '{{.Names}}'),
  ]);
  const networks = ownNetworks.map(([name = '']) => name);
  const containers = new Set(ownContainers.map(([name = '']) => name));
  const strangers: Stranger[] = [];
  const fields = ['{{.Names}}', `{{.Label "${kindLabel}"}}`];
  const on = networks.map(async (network) => ({
    network,
    rows: await listed(lab, 'container', `network=${network}`, ...fields),
  }));
  for (const { network, rows } of await Promise.all(on)) {
    for (const [name = '', cluster = ''] of rows) {
      if (isClusterOf(lab, cluster)) containers.add(name);
      else if (!containers.has(name)) strangers.push({ container: name, network });
    }
  }
  return { networks, containers: [...containers], strangers };
}

/** Nodes that were made for one of these networks, also those that are not on it yet, or no longer. */
async function madeFor(lab: LabRef, networks: readonly string[]): Promise<string[]> {
  const nodes = await listed(
    lab,
    'container',
    `label=${kindLabel}`,
    '{{.Names}}',
    `{{.Label "${kindLabel}"}}`,
  );
  const made = await Promise.all(
    nodes
      .filter(([, cluster = '']) => isClusterOf(lab, cluster))
      .map(async ([name = '']) => {
        const mode = await inspect(lab.engine, 'container', name, '{{.HostConfig.NetworkMode}}');
        return mode !== undefined && networks.includes(mode) ? [name] : [];
      }),
  );
  return made.flat();
}

/**
 * Ends the processes that a killed command left for this lab, by its pid files. Another process with such a pid is left alone.
 * Returns whether a creation was cut off.
 */
async function endOrphans({ folder }: LabRef): Promise<boolean> {
  const files = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith('.pid')) : [];
  for (const file of files) {
    const pid = (await readFile(inside(folder, file), 'utf8')).trim();
    if (!/^\d+$/.test(pid)) continue; // its writing was cut off
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(folder)) await kill(Number(pid), 'SIGKILL');
  }
  return files.length > 0;
}

/** What came of a removal. */
export interface Removed {
  /** Whether there was anything of the lab. */
  stood: boolean;
  /** Containers of someone else that were taken off the lab's networks, and are otherwise as they were. */
  disconnected: Stranger[];
}

/** Removes what there is now. Returns whether that was nothing. */
async function sweep(lab: LabRef, known: Set<string>, disconnected: Stranger[]): Promise<boolean> {
  const { networks, containers, strangers } = await labObjects(lab);
  networks.forEach((network) => known.add(network));
  const all = new Set([...containers, ...(await madeFor(lab, [...known]))]);
  if (all.size > 0) await labDocker(lab, ['rm', '-f', '-v', ...all]);
  for (const stranger of strangers) {
    await labDocker(lab, ['network', 'disconnect', '-f', stranger.network, stranger.container]);
    disconnected.push(stranger);
  }
  if (networks.length > 0) await labDocker(lab, ['network', 'rm', ...networks]);
  return all.size + networks.length === 0;
}

/**
 * Removes all that belongs to a lab: nodes with their volumes, link, networks, and its folder. A part that does not exist is
 * passed over, so that it can be run twice and after a creation that was cut off. Docker and kind may still be at work
 * on what a killed process asked for, so it looks again until there is nothing more. A container that someone else put on
 * a network of the lab is not ours to end: it is taken off the network.
 *
 * @param force whether one that another checkout made is removed, too.
 * @throws ForeignLab that tells of such a one; CommandFailed when something cannot be removed for as long as {@link timeouts.healMs}.
 */
export async function removeLab(lab: LabRef, { force = false } = {}): Promise<Removed> {
  if (!force) await refuseForeign(lab);
  const settleMs = (await endOrphans(lab)) ? timeouts.cutOffMs : timeouts.settleMs;
  const deadline = Date.now() + timeouts.healMs + settleMs;
  const known = new Set<string>();
  const disconnected: Stranger[] = [];
  for (let cleanSince = Infinity; Date.now() - cleanSince < settleMs || cleanSince === Infinity;) {
    try {
      cleanSince = (await sweep(lab, known, disconnected)) ? Math.min(cleanSince, Date.now()) : Infinity;
    } catch (error) {
      if (!(error instanceof CommandFailed) || Date.now() > deadline) throw error;
      cleanSince = Infinity;
    }
    await sleep(timeouts.pollMs);
  }
  await rm(lab.folder, { recursive: true, force: true });
  return { stood: known.size > 0, disconnected };
}
