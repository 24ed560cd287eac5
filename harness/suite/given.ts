import type { TestInfo } from '@playwright/test';
import { crossings } from '../config/placement.ts';
import type { Mesh, Pod } from '../mesh/attach.ts';
import { clustersWithFailover, localFirst } from '../mesh/local-first.ts';
import { trafficPolicyOf } from '../mesh/traffic-policy.ts';
import type { Caller } from '../traffic/caller.ts';
import type { FailoverConfig } from '../verdict/bounds/failover-bounds.ts';
import type { Apply } from './apply-session.ts';
import type { Callers } from './callers.ts';
import { loadRate } from './load-path.ts';

const withoutFailover =
  'No cluster is the only one with catalog in its region while another region has catalog, too.';

/** The value; skips the running promise with the reason if the value is undefined. */
export function orSkip<T>(testInfo: TestInfo, value: T | undefined, reason: string): T {
  testInfo.skip(value === undefined, reason);
  return value as T;
}

/** The settings of a manifest with one DestinationRule, as bounds of an open loop need them. */
export function failoverConfigOf(
  manifest: string,
  { localPods, ratePerSecond }: { localPods: number; ratePerSecond: number },
) {
  const { outlierDetection = {}, connectTimeoutMs = NaN } = trafficPolicyOf(manifest);
  return {
    outlierDetection,
    attemptTimeoutMs: connectTimeoutMs,
    localPods,
    requestIntervalMs: 1000 / ratePerSecond,
    load: 'open',
  } as const satisfies FailoverConfig;
}

/** A cluster whose callers prefer the pods of catalog in their own region and can fail over to another region. */
export interface Failover {
  cluster: string;
  region: string;
  /** The pods of catalog in the cluster. */
  pods: readonly Pod[];
  /** The settings for bounds, with the rate of `underLoad`. */
  config: ReturnType<typeof failoverConfigOf>;
}

/** Applies the manifest of the suite and waits until proxies prefer their region. Skips the promise if the mesh cannot fail over. */
export async function givenFailover(
  { mesh, apply, manifest }: { mesh: Mesh; apply: Apply; manifest: () => string },
  testInfo: TestInfo,
): Promise<Failover> {
  const cluster = orSkip(testInfo, clustersWithFailover(mesh.file, 'catalog')[0], withoutFailover);
  await apply(manifest(), { awaitProxies: localFirst(mesh, 'catalog') });
  const pods = await mesh.cluster(cluster).pods('catalog');
  const config = failoverConfigOf(manifest(), { localPods: pods.length, ratePerSecond: loadRate });
  return { cluster, region: mesh.cluster(cluster).file.region, pods, config };
}

/** The probes of all clusters that can fail over for catalog. Skips the promise if such a cluster does not exist. */
export function givenFailoverCallers(
  { mesh, probes }: { mesh: Mesh; probes: Callers },
  testInfo: TestInfo,
): Caller[] {
  const eligible = clustersWithFailover(mesh.file, 'catalog');
  const callers = probes.all.filter(({ cluster }) => eligible.includes(cluster.name));
  testInfo.skip(callers.length === 0, withoutFailover);
  return callers;
}

/** A service whose pods are all in another cluster than the caller's. */
export interface Remote {
  /** The cluster of the caller. */
  from: string;
  service: string;
  /** The cluster of the pods. */
  cluster: string;
}

/** A service with all its pods in one other cluster; the caller's cluster has an ingress, if possible. Skips the promise without one. */
export function givenRemote(mesh: Mesh, testInfo: TestInfo): Remote {
  const withIngressFirst = mesh.file.clusters.toSorted(
    (a, b) => Number(b.ingress !== undefined) - Number(a.ingress !== undefined),
  );
  const remotes = withIngressFirst.flatMap(({ name }) =>
    crossings(mesh.file, name).map(({ service, cluster }) => ({ from: name, service, cluster })),
  );
  return orSkip(testInfo, remotes[0], 'No service has all its pods in one other cluster.');
}
