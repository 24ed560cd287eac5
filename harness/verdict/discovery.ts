import { durationMs } from '../base/go-duration.ts';
import type { IstiodSync } from '../mesh/sync-evidence.ts';
import type { Timeline } from '../traffic/timeline.ts';
import { judgeAnsweredBy } from './answered-by.ts';
import { every, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';

/** The observations of four independent sources about one remote cluster of one istiod. */
export interface SyncEvidence extends IstiodSync {
  /** Calls to a service that only the remote cluster has; absent if the mesh has no such service. */
  traffic?: { service: string; timeline: Timeline; atLeast: number };
}

/**
 * Judges whether one istiod is synced with one remote cluster. Its status alone is not enough: istiod has reported a wrong
 * one (https://github.com/istio/istio/issues/60082). The status, the endpoints that istiod holds, the weights in a client
 * proxy and the traffic must all agree.
 */
export function judgeSync(cluster: string, evidence: SyncEvidence): Judgement {
  const { status, pods, shards, weights, traffic } = evidence;
  const services = Object.keys(pods);
  const differing = (seen: Readonly<Record<string, number>>) =>
    services.filter((service) => (seen[service] ?? 0) !== pods[service]);
  const describe = (seen: Readonly<Record<string, number>>) =>
    differing(seen)
      .map((service) => `${service} ${seen[service] ?? 0} of ${pods[service]}`)
      .join(', ');
  const complaints = [
    ...(status === 'synced' ? [] : [`/debug/clusterz ${describeStatus(cluster, status)}`]),
    ...(differing(shards).length > 0
      ? [`/debug/endpointShardz has other endpoints of ${cluster} than pods: ${describe(shards)}`]
      : []),
    ...(differing(weights).length > 0
      ? [`a client proxy has other weights for ${cluster} than pods: ${describe(weights)}`]
      : []),
  ];
  const agreeing = (seen: Readonly<Record<string, number>>) => services.length - differing(seen).length;
  const known = unless(complaints, `istiod is synced with ${cluster}, and holds and sends its endpoints`, [
    measured('remote cluster synced, by clusterz', status === 'synced' ? 1 : 0, '', { atLeast: 1 }),
    measured('services whose endpoints are held', agreeing(shards), '', { atLeast: services.length }),
    measured('services whose endpoints were sent', agreeing(weights), '', { atLeast: services.length }),
  ]);
  if (!traffic) return known;
  return every([known, judgeAnsweredBy({ ...traffic, clusters: [cluster] })]);
}

const describeStatus = (cluster: string, status: string | undefined) =>
  status === undefined ? `does not list ${cluster}` : `reports ${cluster} as ${status}`;

/**
 * How long a pod's endpoint may take from one cluster to the proxies of others, by the slowest of their istiods. Each istiod
 * debounces events for at most PILOT_DEBOUNCE_MAX (default 10 s;
 * https://istio.io/latest/docs/reference/commands/pilot-discovery/). `allowanceMs` covers the watch and the push. `quietMs` is
 * the time that an istiod waits after the last event, PILOT_DEBOUNCE_AFTER (default 100 ms).
 *
 * @throws Error if a setting is not a duration; RangeError if `istiods` is empty.
 */
export function discoveryBound(
  istiods: readonly Readonly<Record<string, string>>[],
  allowanceMs: number,
): { boundMs: number; quietMs: number } {
  if (istiods.length === 0) throw new RangeError('the bound of discovery needs an istiod of another cluster');
  const slowest = (setting: string, fallback: string) =>
    Math.max(...istiods.map((env) => durationMs(env[setting] ?? fallback)));
  return {
    boundMs: slowest('PILOT_DEBOUNCE_MAX', '10s') + allowanceMs,
    quietMs: slowest('PILOT_DEBOUNCE_AFTER', '100ms'),
  };
}
