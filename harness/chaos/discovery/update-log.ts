import { waitUntil } from '../../base/wait-until.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { redactLog } from '../../snapshot/redact.ts';
import { bounds } from '../bounds.ts';

/**
 * How far back logs are read. Longer than a fault may take from its preparation to its proof, so that what was seen before is
 * seen again and told from what is new.
 */
const windowSeconds = Math.ceil((2 * bounds.discovery.injectMs) / 1000);

/** By pod of istiod that is ready, when its log last told of an update of a cluster, by the clock of its node; '' for not yet. */
export type Updates = Record<string, string>;

/** A line of a pod's log, with the time that its node gave it. */
export interface LogLine {
  at: string;
  text: string;
}

/**
 * The lines of a log in which istiod tells that it takes another kubeconfig for a cluster, or why it does not. Each line begins
 * with the time that the node's container runtime gave it (`timestamps` of the API), whatever form istiod writes itself. Pure.
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
 * The last line that is newer than what was known. Both times are of the same node, and the kubelet gives them all digits, so that
 * they sort as text (RFC3339NanoFixed in its pkg/kubelet/types). Pure.
 */
export const newerThan = (lines: readonly LogLine[], known: string): LogLine | undefined =>
  lines.findLast(({ at }) => at > known);

/** What the istiods of a cluster have told of updates of another, to be compared with what they tell later. */
export async function knownUpdates(
  holder: MeshCluster,
  namespace: string,
  discovered: string,
): Promise<Updates> {
  const lines = await readUpdates(holder, namespace, discovered);
  return Object.fromEntries([...lines].map(([pod, told]) => [pod, told.at(-1)?.at ?? '']));
}

/**
 * Waits until each istiod of those that are known, and are there still, tells of another update. One that started since has read the
 * secret as it is now. @returns the evidence as a sentence.
 */
export async function awaitUpdate(
  holder: MeshCluster,
  namespace: string,
  discovered: string,
  known: Readonly<Updates>,
): Promise<string> {
  let said: LogLine | undefined;
  const isTold = async () => {
    const told = [...(await readUpdates(holder, namespace, discovered))].flatMap(([pod, lines]) => {
      const before = known[pod];
      return before === undefined ? [] : [newerThan(lines, before)];
    });
    said = told.find((line) => line !== undefined);
    return told.length > 0 && told.every((line) => line !== undefined);
  };
  const what = `istiod of ${holder.name} to tell that it reads the secret of ${discovered} anew`;
  await waitUntil(isTold, what, bounds.discovery.injectMs);
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

/** A line without istiod's own time, and without anything secret, should it quote what it was given. */
const lineText = (text: string): string =>
  redactLog(text.replace(/^\d\S*\s+/, ''))
    .replaceAll(/\s+/g, ' ')
    .trim();
