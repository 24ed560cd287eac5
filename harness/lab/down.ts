import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from 'zx';
import { timeouts } from '../timeouts.ts';
import { CommandFailed } from './command.ts';
import { inspect } from './docker.ts';
import { labDocker, labLabel, type LabRef } from './lab.ts';

/** The names that a `docker … ls` with a filter prints. */
async function listed(lab: LabRef, kind: 'container' | 'network', filter: string): Promise<string[]> {
  const args =
    kind === 'container' ? ['ls', '-a', '--format', '{{.Names}}'] : ['ls', '--format', '{{.Name}}'];
  const printed = await labDocker(lab, [kind, ...args, '--filter', filter]);
  return printed.split('\n').filter((name) => name !== '');
}

/**
 * The Docker objects of a lab. kind's nodes carry no label of ours; they are found by being on our networks, which each
 * is from its creation on.
 */
export async function labObjects(lab: LabRef): Promise<{ networks: string[]; containers: string[] }> {
  const networks = await listed(lab, 'network', `label=${labLabel}=${lab.name}`);
  const containers = new Set(await listed(lab, 'container', `label=${labLabel}=${lab.name}`));
  for (const network of networks) {
    for (const name of await listed(lab, 'container', `network=${network}`)) containers.add(name);
  }
  return { networks, containers: [...containers] };
}

/** Containers that were made for one of these networks, also those that are not on it yet, or no longer. */
async function madeFor(lab: LabRef, networks: readonly string[]): Promise<string[]> {
  const nodes = await listed(lab, 'container', 'label=io.x-k8s.kind.cluster');
  const made = await Promise.all(
    nodes.map(async (name) => {
      const mode = await inspect(lab.engine, 'container', name, '{{.HostConfig.NetworkMode}}');
      return mode !== undefined && networks.includes(mode) ? [name] : [];
    }),
  );
  return made.flat();
}

/**
 * Ends what a killed process of ours left running for this lab, by its pid files; a stranger with such a pid is let be.
 * Returns whether a creation was cut off.
 */
async function endOrphans({ folder }: LabRef): Promise<boolean> {
  const files = (await readdir(folder).catch((): string[] => [])).filter((name) => name.endsWith('.pid'));
  for (const file of files) {
    const pid = (await readFile(join(folder, file), 'utf8')).trim();
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(folder)) await kill(Number(pid), 'SIGKILL');
  }
  return files.length > 0;
}

/** Removes what there is now. Returns whether that was nothing. */
async function sweep(lab: LabRef, known: Set<string>): Promise<boolean> {
  const { networks, containers } = await labObjects(lab);
  networks.forEach((network) => known.add(network));
  const all = new Set([...containers, ...(await madeFor(lab, [...known]))]);
  if (all.size > 0) await labDocker(lab, ['rm', '-f', '-v', ...all]);
  if (networks.length > 0) await labDocker(lab, ['network', 'rm', ...networks]);
  return all.size + networks.length === 0;
}

/**
 * Removes all that belongs to a lab: nodes with their volumes, link, networks, and its folder. What is not there is
 * passed over, so that it can be run twice and after a creation that was cut off. Docker and kind may still be at work
 * on what a killed process asked for, so it looks again until there is nothing more.
 *
 * @returns whether there was anything of it.
 * @throws CommandFailed when something cannot be removed for as long as {@link timeouts.healMs}.
 */
export async function removeLab(lab: LabRef): Promise<boolean> {
  const settleMs = (await endOrphans(lab)) ? timeouts.cutOffMs : timeouts.settleMs;
  const deadline = Date.now() + timeouts.healMs + settleMs;
  const known = new Set<string>();
  for (let cleanSince = Infinity; Date.now() - cleanSince < settleMs || cleanSince === Infinity;) {
    try {
      cleanSince = (await sweep(lab, known)) ? Math.min(cleanSince, Date.now()) : Infinity;
    } catch (error) {
      if (!(error instanceof CommandFailed) || Date.now() > deadline) throw error;
      cleanSince = Infinity;
    }
    await sleep(timeouts.pollMs);
  }
  await rm(lab.folder, { recursive: true, force: true });
  return known.size > 0;
}
