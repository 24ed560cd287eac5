import type { SeenWeight, SeenWeights } from '../mesh/seen-weights.ts';
import { measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count } from './wording.ts';

/** Whether the endpoints of every client proxy have this weight. Throws without a client proxy. */
export function allHaveWeight(seen: SeenWeights, weight: number): boolean {
  return weightsOf(seen).every((one) => one.weight === weight);
}

/** For the reason of a judgement: "west/webapp-1 has weight 2 in region-east/zone-1, …". */
export const describeWeights = (seen: SeenWeights): string =>
  Object.entries(seen)
    .map(
      ([proxy, { weight, localities }]) =>
        `${proxy} has weight ${weight} in ${describeLocalities(localities)}`,
    )
    .join(', ') || 'a client proxy to ask does not exist';

const describeLocalities = (localities: readonly string[]) =>
  localities.map((one) => (one === '' ? 'an unnamed locality' : one)).join(' and ') || 'no endpoint';

/** Explains what istiod does to endpoints whose pods it does not know yet. */
const knownIssue = 'docs/known-issues.md#no-locality';

/**
 * Judges whether client proxies have a pod that was added behind the gateway of another network: the weight of the gateway's
 * endpoints is the number of pods. Another weight passes only if the proxy has an endpoint without a locality and had none
 * before. Its Envoy then drops the other endpoint of the same address. That known defect is measured and does not fail the
 * judgement: the pod has arrived, and callers reach it through the gateway. Any other wrong weight fails.
 *
 * @param options.before the weights in the same proxies before the pod was added.
 * @throws Error without a client proxy.
 */
export function judgeAdded(options: { before: SeenWeights; seen: SeenWeights; pods: number }): Judgement {
  const { before, seen, pods } = options;
  const named = weightsOf(before).every(({ localities }) => !localities.includes(''));
  const right = weightsOf(seen).filter(({ weight }) => weight === pods);
  const wrong = weightsOf(seen).filter(({ weight }) => weight !== pods);
  const nameless = wrong.filter(({ localities }) => named && localities.includes(''));
  const measurements = [
    measured('client proxies with the weight of the added pod', right.length, ''),
    measured('client proxies with an endpoint without a locality instead', nameless.length, ''),
  ];
  const observed = `${count(pods, 'pod')} behind the gateway: ${describeWeights(seen)}`;
  const defect =
    nameless.length > 0 ? `; an endpoint without a locality is a known defect: ${knownIssue}` : '';
  return unless(
    nameless.length < wrong.length ? [`not all client proxies have ${observed}`] : [],
    `client proxies have ${observed}${defect}`,
    measurements,
  );
}

function weightsOf(seen: SeenWeights): SeenWeight[] {
  const all = Object.values(seen);
  if (all.length === 0)
    throw new Error('The weights cannot be judged: no client proxy runs on another network.');
  return all;
}
