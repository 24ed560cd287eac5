import type { Timeline } from '../traffic/timeline.ts';
import { distributionOf } from './distribution.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, tally } from './wording.ts';

/** Calls from one cluster to one service by one protocol. */
export interface ReachedService {
  service: string;
  protocol: string;
  timeline: Timeline;
  /** How many answers show with near certainty every cluster that answers at all ({@link requestsToSeeAll}). */
  enough: number;
}

/**
 * Judges whether a caller reaches every service of `cluster`: no call fails, and the cluster answers at least one call to
 * each service. A service without an answer from the cluster fails the judgement only if there were enough answers to see
 * one. With fewer answers, or without services, it cannot judge.
 */
export function judgeReach(cluster: string, calls: readonly ReachedService[]): Judgement {
  const seen = calls.map((call) => ({ ...call, ...distributionOf(call.timeline, 'cluster') }));
  const reached = (protocol: string) =>
    seen.filter((one) => one.protocol === protocol && (one.counts.get(cluster) ?? 0) > 0).length;
  const protocols = [...new Set(calls.map(({ protocol }) => protocol))];
  const measurements = [
    ...protocols.map((protocol) =>
      measured(`services reached over ${protocol}`, reached(protocol), '', {
        atLeast: calls.filter((call) => call.protocol === protocol).length,
      }),
    ),
    measured(
      'failed requests',
      seen.reduce((sum, { failures }) => sum + failures, 0),
      'requests',
      { atMost: 0 },
    ),
  ];
  if (calls.length === 0) return cannotJudge(`${cluster} has no service to reach`);
  const failing = seen
    .filter(({ failures }) => failures > 0)
    .map(
      ({ service, protocol, failures, requests, failed }) =>
        `${failures} of ${count(requests, 'request')} to ${service} over ${protocol} failed (${tally(failed)})`,
    );
  const missing = seen.filter(({ counts }) => !counts.has(cluster));
  const unreached = missing
    .filter(({ answered, enough }) => answered >= enough)
    .map(
      ({ service, protocol, counts, answered }) =>
        `${cluster} answered 0 of ${count(answered, 'request')} to ${service} over ${protocol}; the answers came from ${tally(counts)}`,
    );
  const few = missing.find(({ answered, enough }) => answered < enough);
  if (failing.length === 0 && unreached.length === 0 && few)
    return cannotJudge(
      `${cluster} did not answer for ${few.service} over ${few.protocol}, but ${count(few.answered, 'answer')} are too few to judge: ${few.enough} are needed`,
      measurements,
    );
  const services = new Set(calls.map(({ service }) => service)).size;
  return unless(
    [...failing, ...unreached],
    `${cluster} answered for all ${count(services, 'service')} over ${protocols.join(' and ')}`,
    measurements,
  );
}
