import { durationMs } from '../../base/go-duration.ts';
import { istioDefaults, type OutlierDetection } from '../../base/istio-facts.ts';
import { binomialAtMost, defaultAlpha } from '../statistics.ts';
import {
  ejectionsWithin,
  ejectionThreshold,
  expectedLocalShare,
  failbackBound,
  type FailoverConfig,
  type TimeBound,
} from './failover-bounds.ts';

/**
 * The most time from a change in a cluster until every proxy of the cluster has it: the event reaches istiod's watch, istiod
 * debounces (at most PILOT_DEBOUNCE_MAX), the push arrives. After that time callers have seen every effect of the change.
 */
export function pushBound(debounceMaxMs: number = istioDefaults.debounceMaxMs): TimeBound {
  const { endpointSliceMs, pushMs } = istioDefaults;
  return {
    ms: endpointSliceMs + debounceMaxMs + pushMs,
    derivation: `${endpointSliceMs} ms to istiod, at most ${debounceMaxMs} ms of its debouncing, ${pushMs} ms to the proxies`,
  };
}

/** Envoy's longest pause before it connects to its control plane again (Envoy API reference, GrpcService.EnvoyGrpc.retry_policy). */
const longestReconnectMs = 30_000;

/**
 * The most time from the recovery of an istiod until proxies have a change: {@link pushBound}, and the pause before their
 * next attempt to connect. The pause grows with each failed attempt.
 */
export function reconnectBound(debounceMaxMs: number = istioDefaults.debounceMaxMs): TimeBound {
  const push = pushBound(debounceMaxMs);
  return {
    ms: longestReconnectMs + push.ms,
    derivation: `at most ${longestReconnectMs} ms until a proxy connects to istiod again, ${push.derivation}`,
  };
}

/**
 * The most time from the start of an istiod until it is ready, if it cannot reach a cluster of its remote secrets: the start
 * of any pod, and PILOT_REMOTE_CLUSTER_TIMEOUT. The default is 30 s; 0 waits for ever
 * (https://istio.io/latest/docs/reference/commands/pilot-discovery/).
 *
 * @param podReadyMs the most time until a pod is ready.
 * @param settings istiod's environment.
 * @throws RangeError if istiod waits for ever.
 */
export function isolatedIstiodBound(
  podReadyMs: number,
  settings: Readonly<Record<string, string>> = {},
): TimeBound {
  const timeoutMs = durationMs(settings['PILOT_REMOTE_CLUSTER_TIMEOUT'] ?? '30s');
  if (timeoutMs === 0)
    throw new RangeError(
      'PILOT_REMOTE_CLUSTER_TIMEOUT is 0: istiod waits for ever for an unreachable cluster',
    );
  return {
    ms: podReadyMs + timeoutMs,
    derivation: `${podReadyMs} ms for its pod, ${timeoutMs} ms of waiting for the unreachable cluster (PILOT_REMOTE_CLUSTER_TIMEOUT)`,
  };
}

/** How long an API server keeps a dead connection: it sends a ping after 30 s of silence, and waits 15 s (golang.org/x/net/http2, as k8s.io/apimachinery/pkg/util/net sets it). */
const deadConnectionMs = 45_000;

/** How long an API server waits for an answer of the injection webhook (`timeoutSeconds`, default 10). */
const webhookMs = 10_000;

/**
 * The most time from the recovery of an istiod until a pod is ready that could not be created without it. The API server may
 * still hold a dead connection to the injection webhook. Controllers double their pause after each failed attempt
 * (client-go/util/workqueue, up to 1,000 s), so the last pause is at most as long as all the time before it.
 *
 * @param outageMs from the last moment at which a pod could be created.
 * @param podReadyMs the most time until a pod is ready.
 */
export function podsReturnBound(outageMs: number, podReadyMs: number): TimeBound {
  const failingMs = outageMs + deadConnectionMs + webhookMs;
  return {
    ms: Math.ceil(2 * failingMs - outageMs + podReadyMs),
    derivation: `attempts fail for ${Math.ceil(outageMs)} ms of the outage, ${deadConnectionMs} ms of a dead connection and ${webhookMs} ms of the last call, the pause before the next attempt is at most as long, and the pod takes ${podReadyMs} ms`,
  };
}

/** The settings and the traffic that bound the cost of a frozen cluster, for callers of a service that other clusters have, too. */
export interface FrozenConfig {
  outlierDetection: OutlierDetection;
  /** The route's timeout: it ends a request that is never answered. */
  timeoutMs: number;
  /** The share of requests that goes to the cluster while it is healthy, 0 to 1. */
  share: number;
  /** Gateways of the cluster: callers see each as one endpoint, and have to eject each. */
  gateways: number;
  requestIntervalMs: number;
  /** From the answer of a proxy to its entry in the recording, on a busy machine. */
  allowanceMs: number;
}

/**
 * The most time from the freeze of a cluster until no request hangs any more, and the most requests that may be lost until
 * then. The kernel of a frozen cluster still acknowledges packets, so that TCP and its keep-alive notice nothing
 * (https://man7.org/linux/man-pages/man7/tcp.7.html, TCP_KEEPALIVE): only missing answers show the freeze.
 *
 * A missing answer counts for outlier detection when the route's timeout expires (Envoy documentation, "Outlier detection":
 * a timeout counts as a gateway error). Each gateway needs its consecutive errors from its share of the requests; more
 * requests are needed with a probability of 1e-6 only. Then follow the last timeout and the requests sent until then.
 * Every request that is sent to the cluster in that time may be lost.
 *
 * @throws RangeError if the settings eject nothing.
 */
export function frozenBound(config: FrozenConfig): { time: TimeBound; requests: number } {
  const { outlierDetection, timeoutMs, share, gateways, requestIntervalMs, allowanceMs } = config;
  const threshold = ejectionThreshold(outlierDetection);
  if (threshold === undefined)
    throw new RangeError('no outlier detection: callers never stop calling a frozen cluster');
  const needed = threshold * gateways;
  let sent = needed;
  while (binomialAtMost(needed - 1, sent, share) > defaultAlpha) sent += 1;
  const ejectedMs = sent * requestIntervalMs + timeoutMs;
  const lostMs = ejectedMs + timeoutMs + allowanceMs;
  return {
    time: {
      ms: Math.ceil(lostMs),
      derivation: `${sent} requests until each of ${gateways} gateways got ${threshold}, ${timeoutMs} ms until they count, ${timeoutMs} ms for the last request sent before the ejection, ${allowanceMs} ms allowed`,
    },
    requests: Math.ceil((ejectedMs + allowanceMs) / requestIntervalMs),
  };
}

/**
 * How long traffic has to stay in its region, after it returned, to have settled. A host that is ejected after all returns
 * within `baseEjectionTime` and `interval` (Envoy documentation, "Outlier detection: ejection algorithm"); the quiet time is
 * twice that.
 */
export function quietTime({ outlierDetection = {} }: Pick<FailoverConfig, 'outlierDetection'>): TimeBound {
  const { baseEjectionTimeMs = istioDefaults.baseEjectionTimeMs, intervalMs = istioDefaults.intervalMs } =
    outlierDetection;
  const turnMs = baseEjectionTimeMs + intervalMs;
  return {
    ms: 2 * turnMs,
    derivation: `twice the ${turnMs} ms in which an ejected host returns (baseEjectionTime and interval)`,
  };
}

/**
 * How many answers of one region in a row prove that traffic moved there, and rule out a chance run in a mixture of two
 * regions. While only some local pods are ready, each request is an independent draw with the share of
 * {@link expectedLocalShare}. The result is the smallest n with requests × share^n ≤ alpha (union bound over the requests
 * that may begin such a run); share is the largest share of either region in a mixture.
 *
 * @param options.requests the number of requests sent while the mixture may last.
 */
export function streakToProveRegion(
  { localPods, requests }: { localPods: number; requests: number },
  alpha: number = defaultAlpha,
): number {
  const shares = Array.from({ length: localPods - 1 }, (_, index) =>
    expectedLocalShare(index + 1, localPods),
  );
  const mixed = shares.filter((share) => share < 1).flatMap((share) => [share, 1 - share]);
  return mixed.length === 0 ? 1 : Math.ceil(Math.log(alpha / requests) / Math.log(Math.max(...mixed)));
}

/** {@link failbackBound}, for hosts that stayed and were ejected as often as possible while a fault of `faultMs` lasted. */
export function returnBound(config: FailoverConfig, faultMs: number): TimeBound {
  return failbackBound(config, { ejections: ejectionsWithin(config.outlierDetection ?? {}, faultMs) });
}
