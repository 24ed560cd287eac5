import { durationMs } from '../base/go-duration.ts';
import type { IstiodSync } from '../mesh/sync-evidence.ts';
import type { Timeline } from '../traffic/timeline.ts';
import { judgeAnsweredBy } from './answered-by.ts';
import { every, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';

/** What each of four oracles says of one remote cluster as one istiod sees it. */
export interface SyncEvidence extends IstiodSync {
  /** Calls to a service that only the remote cluster has; absent where there is none. */
  traffic?: { service: string; timeline: Timeline; atLeast: number };
}

/**
 * Judges whether one istiod is synced with one remote cluster. One oracle is not enough, since istiod's own word was
 * wrong once (https://github.com/istio/istio/issues/60082): its status, the endpoints that it holds, what it told a
 * client proxy and the traffic must all agree.
 */
export function judgeSync(cluster: string, evidence: SyncEvidence): Judgement {
  const { status, pods, shards, weights, traffic } = evidence;
  const services = Object.keys(pods);
  const differing = (seen: Readonly<Record<string, number>>) =>
    services.filter((service) => (seen[service] ?? 0) !== pods[service]);
  const word = (seen: Readonly<Record<string, number>>) =>
    differing(seen)
      .map((service) => `${service} ${seen[service] ?? 0} of ${pods[service]}`)
      .join(', ');
  const complaints = [
    ...(status === 'synced' ? [] : [`/debug/clusterz says ${status ?? 'nothing'} of ${cluster}`]),
    ...(differing(shards).length > 0
      ? [`/debug/endpointShardz lacks endpoints of ${cluster}: ${word(shards)}`]
      : []),
    ...(differing(weights).length > 0
      ? [`a client proxy has other weights for ${cluster}: ${word(weights)}`]
      : []),
  ];
  const agreeing = (seen: Readonly<Record<string, number>>) => services.length - differing(seen).length;
  const known = unless(complaints, `istiod has ${cluster} synced, its endpoints held and sent`, [
    measured('remote cluster synced, by clusterz', status === 'synced' ? 1 : 0, '', { atLeast: 1 }),
    measured('services whose endpoints are held', agreeing(shards), '', { atLeast: services.length }),
    measured('services whose endpoints were sent', agreeing(weights), '', { atLeast: services.length }),
  ]);
  if (!traffic) return known;
  return every([known, judgeAnsweredBy({ ...traffic, clusters: [cluster] })]);
}

/**
 * How long a pod's endpoint may take from one cluster to the proxies of others, by the slowest of their istiods: each
 * holds events back for at most PILOT_DEBOUNCE_MAX (10 s unless set;
 * https://istio.io/latest/docs/reference/commands/pilot-discovery/), then comes the push, which is granted `allowanceMs`
 * along with the watch. `quietMs` is what an istiod waits after the last event, PILOT_DEBOUNCE_AFTER (100 ms unless set).
 *
 * @throws Error when a setting is no duration; RangeError for no istiod: whose bound would it be?
 */
export function discoveryBound(
  istiods: readonly Readonly<Record<string, string>>[],
  allowanceMs: number,
): { boundMs: number; quietMs: number } {
  if (istiods.length === 0) throw new RangeError('no cluster elsewhere is there to discover anything');
  const slowest = (setting: string, fallback: string) =>
    Math.max(...istiods.map((env) => durationMs(env[setting] ?? fallback)));
  return {
    boundMs: slowest('PILOT_DEBOUNCE_MAX', '10s') + allowanceMs,
    quietMs: slowest('PILOT_DEBOUNCE_AFTER', '100ms'),
  };
}
