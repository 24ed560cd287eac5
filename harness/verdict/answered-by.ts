import type { Origin, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import { requestsNeeded } from './statistics.ts';
import type { Judgement } from './verdict.ts';
import { count, countOutcomes, tally } from './wording.ts';

/**
 * The number of requests that shows, with a probability of 99.9 %, that a share of them fails. A mesh that answers every
 * request never fails this check.
 *
 * @param failingShare 0 to 1; one of ten by default.
 */
export function requestsToSeeFailures(failingShare = 0.1): number {
  return requestsNeeded({
    right: { ok: 1 },
    wrong: { ok: 1 - failingShare, failed: failingShare },
    power: 0.999,
  });
}

/**
 * The request, or an `appError` if another service or an unknown server answered it: a foreign server may answer 200 to
 * any request.
 */
export function servedBy(service: string, request: RequestRecord): RequestRecord {
  const { outcome, origin } = request;
  if (outcome !== 'ok' || origin?.service === service) return request;
  return { ...request, outcome: 'appError', detail: `answered by ${nameOf(origin)}, not ${service}` };
}

const nameOf = (origin: Origin | undefined): string =>
  origin ? `${origin.service} in ${origin.cluster}` : 'an unknown server';

/**
 * Judges whether the called service answered every request, in one of the allowed clusters. Fails on one request without
 * such an answer; cannot judge with fewer than `atLeast` requests.
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
  const answeredElsewhere = requests.filter(
    ({ outcome, origin }) =>
      outcome === 'ok' && !(origin?.service === service && clusters.includes(origin.cluster)),
  );
  const measurements = [
    measured('requests', requests.length, 'requests', { atLeast }),
    measured('failed requests', failed.length, 'requests', { atMost: 0 }),
    measured('answered by another service or cluster', answeredElsewhere.length, 'requests', { atMost: 0 }),
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
  if (answeredElsewhere.length > 0) {
    const servers = answeredElsewhere.map(({ origin }) => [nameOf(origin), 1] as const);
    complaints.push(
      `${answeredElsewhere.length} of ${all} to ${service} were answered by ${tally(servers)}, not in ${clusters.join(' or ')}`,
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
