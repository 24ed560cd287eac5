import type { RequestRecord, Timeline } from '../traffic/timeline.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import { requestsNeeded } from './statistics.ts';
import type { Judgement } from './verdict.ts';
import { count, countOutcomes, tally } from './wording.ts';

/**
 * How many requests show, with a probability of 99.9 %, that not all are answered when a share of them is not. All must
 * be answered, so that there is no false alarm. Default: one of ten.
 */
export function requestsToSeeFailures(failingShare = 0.1): number {
  return requestsNeeded({
    right: { ok: 1 },
    wrong: { ok: 1 - failingShare, failed: failingShare },
    power: 0.999,
  });
}

/**
 * A request to a service as its caller would take it: what another answered, or no one known, is an `appError`, however well it
 * looks. A server of someone else's may answer 200 to anything.
 */
export function servedBy(service: string, request: RequestRecord): RequestRecord {
  const { outcome, origin } = request;
  if (outcome !== 'ok' || origin?.service === service) return request;
  const who = origin ? `${origin.service} in ${origin.cluster}` : 'no one known';
  return { ...request, outcome: 'appError', detail: `answered by ${who}, not ${service}` };
}

/**
 * Judges whether every request was answered, by the service that was called and in one of the clusters that may. Fails
 * on one request that was not; cannot judge with fewer than `atLeast`.
 */
export function judgeAnsweredBy(options: {
  timeline: Timeline;
  service: string;
  clusters: readonly string[];
  atLeast: number;
}): Judgement {
  const { service, clusters, atLeast } = options;
  const { requests } = options.timeline;
  const failed = requests.filter(({ outcome }) => outcome !== 'ok');
  const astray = requests.filter(
    ({ outcome, origin }) =>
      outcome === 'ok' && !(origin?.service === service && clusters.includes(origin.cluster)),
  );
  const measurements = [
    measured('requests', requests.length, 'requests', { atLeast }),
    measured('failed requests', failed.length, 'requests', { atMost: 0 }),
    measured('answered by another', astray.length, 'requests', { atMost: 0 }),
  ];
  const all = count(requests.length, 'request');
  const complaints: string[] = [];
  if (failed.length > 0) {
    const detail = failed.find((one) => one.detail !== undefined)?.detail;
    const example = detail === undefined ? '' : `, such as "${detail}"`;
    complaints.push(
      `${failed.length} of ${all} to ${service} failed (${tally(countOutcomes(failed))})${example}`,
    );
  }
  if (astray.length > 0) {
    const who = astray.map(
      ({ origin }) => [origin ? `${origin.service} in ${origin.cluster}` : 'no one known', 1] as const,
    );
    complaints.push(
      `${astray.length} of ${all} to ${service} were answered by ${tally(who)}, not in ${clusters.join(' or ')}`,
    );
  }
  if (complaints.length === 0 && requests.length < Math.max(1, atLeast))
    return cannotJudge(`${all} are too few: ${atLeast} are needed`, measurements);
  return unless(
    complaints,
    `all ${all} to ${service} were answered in ${clusters.join(' or ')}`,
    measurements,
  );
}
