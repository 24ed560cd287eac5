import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KubeConfig } from '#kubernetes-client';
import { Option } from 'commander';
import { nearest } from '../../harness/config/nearest.ts';
import type { PartialCluster } from '../../harness/config/mesh-file.ts';
import { WrongUse } from './outcome.ts';

/** The clusters that you name on the command line. */
export interface GivenContexts {
  context?: string[];
  kubeconfig?: string[];
}

export const contextOptions = {
  context: () =>
    new Option(
      '--context <name...>',
      'kubeconfig contexts of the clusters in your mesh, one for each cluster',
    ),
  kubeconfig: () =>
    new Option(
      '--kubeconfig <file...>',
      'kubeconfig files that have the contexts (default: $KUBECONFIG or ~/.kube/config)',
    ),
};

/**
 * The cluster of each context, with the kubeconfig file that has it.
 *
 * @throws WrongUse if a context is given twice, does not exist or is in two files, or if a file cannot be read.
 */
export function clustersOf({ context: contexts = [], kubeconfig: files }: GivenContexts): PartialCluster[] {
  const known = files ? files.flatMap((file) => contextsIn(resolve(file))) : contextsIn();
  const names = [...new Set(known.map(({ context }) => context))];
  if (contexts.length === 0)
    throw new WrongUse(
      `A context is missing. Give --context for each cluster of your mesh; ${listOf(names)}.`,
    );
  return contexts.map((name, index) => {
    if (contexts.indexOf(name) < index)
      throw new WrongUse(`Context ${name} is given twice. Give one context for each cluster.`);
    const [found, ...others] = known.filter(({ context }) => context === name);
    if (!found) {
      const meant = nearest(name, names) ?? names.find((one) => one.includes(name));
      const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
      throw new WrongUse(`Context ${name} does not exist.${hint} ${capital(listOf(names))}.`);
    }
    if (others.length > 0)
      throw new WrongUse(
        `Context ${name} is in two files, ${found.kubeconfig} and ${others[0]?.kubeconfig}. Rename it in one file with \`kubectl config rename-context\`.`,
      );
    return found;
  });
}

const listOf = (names: readonly string[]): string =>
  names.length === 0 ? 'the kubeconfig does not have a context' : `the contexts are ${names.join(', ')}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The contexts of a kubeconfig file, or of the files that kubectl would use. */
function contextsIn(file?: string): PartialCluster[] {
  if (file !== undefined && !existsSync(file))
    throw new WrongUse(`Kubeconfig ${file} does not exist. Check the path after --kubeconfig.`);
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    throw new WrongUse(
      `Kubeconfig ${file ?? process.env['KUBECONFIG'] ?? '~/.kube/config'} cannot be read: ${(error as Error).message}. Check the file with \`kubectl config view\`.`,
      { cause: error },
    );
  }
  // The client invents this context, at localhost, if it does not find a kubeconfig.
  if (file === undefined && config.getContexts().some(({ name }) => name === 'loaded-context'))
    throw new WrongUse(
      'A kubeconfig was not found: neither $KUBECONFIG nor ~/.kube/config exists. Give --kubeconfig.',
    );
  return config
    .getContexts()
    .map(({ name }) => ({ context: name, ...(file !== undefined && { kubeconfig: file }) }));
}
