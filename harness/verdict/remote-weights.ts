import type { SeenWeight, SeenWeights } from '../mesh/seen-weights.ts';
import { measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count } from './wording.ts';

/** Whether every client proxy gives the way a weight. Throws where there is none: nobody was told anything then. */
export function allWeigh(seen: SeenWeights, weight: number): boolean {
  return told(seen).every((one) => one.weight === weight);
}

/** For the reason of a judgement: "west/webapp-1 weighs it 2 in region-east/zone-1, …". */
export const weightsInWords = (seen: SeenWeights): string =>
  Object.entries(seen)
    .map(
      ([proxy, { weight, localities }]) => `${proxy} weighs it ${weight} in ${localitiesInWords(localities)}`,
    )
    .join(', ') || 'no client proxy was asked';

const localitiesInWords = (localities: readonly string[]) =>
  localities.map((one) => (one === '' ? 'no locality' : one)).join(' and ') || 'no endpoint';

/** Where it is told what istiod does to endpoints whose pods it does not know yet. */
const knownIssue = 'docs/known-issues.md#no-locality';

/**
 * Judges whether a pod that was added behind the gateway of another network has arrived in client proxies: each weighs the way as many
 * as there are pods. A proxy that was told of it in an endpoint without a locality, where there was none before, was told too; that
 * its Envoy then drops the other endpoint of the same address is measured, with the reference, and does not fail: the pod has
 * arrived, and behind the gateway it is called like the others. A weight that is another for any other reason fails.
 *
 * @param options.before what the same proxies had before the pod was added.
 */
export function judgeAdded(options: { before: SeenWeights; seen: SeenWeights; pods: number }): Judgement {
  const { before, seen, pods } = options;
  const named = told(before).every(({ localities }) => !localities.includes(''));
  const right = told(seen).filter(({ weight }) => weight === pods);
  const wrong = told(seen).filter(({ weight }) => weight !== pods);
  const nameless = wrong.filter(({ localities }) => named && localities.includes(''));
  const measurements = [
    measured('client proxies with the weight of the added pod', right.length, ''),
    measured('client proxies with an endpoint without a locality instead', nameless.length, ''),
  ];
  const words = `${count(pods, 'pod')} behind the gateway: ${weightsInWords(seen)}`;
  const defect =
    nameless.length > 0 ? `; an endpoint without a locality is a known defect: ${knownIssue}` : '';
  return unless(
    nameless.length < wrong.length ? [`not told of ${words}`] : [],
    `told of ${words}${defect}`,
    measurements,
  );
}

function told(seen: SeenWeights): SeenWeight[] {
  const all = Object.values(seen);
  if (all.length === 0) throw new Error('There is no client proxy on another network that could be told.');
  return all;
}
