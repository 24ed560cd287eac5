import { waitUntil } from '../../base/wait-until.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { redactLog } from '../../snapshot/redact.ts';
import { bounds } from '../bounds.ts';

/**
 * The part of logs that is read, in seconds. It is longer than a fault may take from its preparation to its proof, so
 * that known lines are read again and recognized.
 */
const windowSeconds = Math.ceil((2 * bounds.discovery.injectMs) / 1000);

/**
 * By ready pod of istiod: the time of the last update of a cluster in its log, by the clock of its node; empty
 * without an update.
 */
export type Updates = Record<string, string>;

/** A line of a log, with the time of its node. */
export interface LogLine {
  at: string;
  text: string;
}

/**
 * The lines of a log in which istiod reports another kubeconfig of a cluster, accepted or not. Each line begins with
 * the time by the container runtime (`timestamps` of the API), in each format of istiod. Pure.
 */
export function updatesIn(log: string, cluster: string): LogLine[] {
  const name = cluster.replaceAll(/[^\w-]/g, String.raw`\$&`);
  // As text `cluster=east`, as JSON `"cluster":"east"`.
  const named = new RegExp(String.raw`\bcluster("?[=:]"?)${name}(?![\w.-])`);
  return log
    .split('\n')
    .map((line) => ({ at: line.slice(0, line.indexOf(' ')), text: line.slice(line.indexOf(' ') + 1) }))
    .filter(({ text }) => text.includes('Update cluster') && named.test(text));
}

/**
 * The last line after the known time. Both times are of the same node, and the kubelet writes all digits, so that
 * they sort as text (RFC3339NanoFixed in its pkg/kubelet/types). Pure.
 */
export const newerThan = (lines: readonly LogLine[], known: string): LogLine | undefined =>
  lines.findLast(({ at }) => at > known);

/** The last updates of a cluster in the logs of istiods, for a later comparison. */
export async function knownUpdates(
  holder: MeshCluster,
  namespace: string,
  discovered: string,
): Promise<Updates> {
  const lines = await readUpdates(holder, namespace, discovered);
  return Object.fromEntries([...lines].map(([pod, updates]) => [pod, updates.at(-1)?.at ?? '']));
}

/**
 * Waits until each known istiod that still runs logs another update. An istiod that has started since has read the
 * present secret. @returns the evidence as a sentence.
 */
export async function awaitUpdate(
  holder: MeshCluster,
  namespace: string,
  discovered: string,
  known: Readonly<Updates>,
): Promise<string> {
  let said: LogLine | undefined;
  const areLogged = async () => {
    const updates = [...(await readUpdates(holder, namespace, discovered))].flatMap(([pod, lines]) => {
      const before = known[pod];
      return before === undefined ? [] : [newerThan(lines, before)];
    });
    said = updates.find((line) => line !== undefined);
    return updates.length > 0 && updates.every((line) => line !== undefined);
  };
  const what = `istiod of ${holder.name} to log that it reads the secret of ${discovered} again`;
  await waitUntil(areLogged, what, bounds.discovery.injectMs);
  return `istiod of ${holder.name} logs "${lineText(said?.text ?? '')}"`;
}

async function readUpdates(
  holder: MeshCluster,
  namespace: string,
  discovered: string,
): Promise<Map<string, LogLine[]>> {
  const pods = await holder.findPods({ namespace, labels: { app: 'istiod' } });
  const read = pods
    .filter(({ ready }) => ready)
    .map(async ({ name }) => {
      const of = { name, namespace, sinceSeconds: windowSeconds, timestamps: true };
      return [name, updatesIn(await holder.api.core.readNamespacedPodLog(of), discovered)] as const;
    });
  return new Map(await Promise.all(read));
}

/** A line without the time of istiod, and without secrets that it may quote. */
const lineText = (text: string): string =>
  redactLog(text.replace(/^\d\S*\s+/, ''))
    .replaceAll(/\s+/g, ' ')
    .trim();
