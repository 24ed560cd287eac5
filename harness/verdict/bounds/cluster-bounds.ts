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
 * The most time from a change in a cluster until every proxy of it has heard of it: its event reaches istiod's watch, istiod
 * waits for quiet (at most PILOT_DEBOUNCE_MAX), the push arrives. What has gone wrong by then is seen by callers; what has
 * not, is not on its way any more.
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
 * The most time from an istiod being back until proxies have heard of a change: {@link pushBound}, and the pause before their next
 * attempt to connect, which grows with each in vain.
 */
export function reconnectBound(debounceMaxMs: number = istioDefaults.debounceMaxMs): TimeBound {
  const push = pushBound(debounceMaxMs);
  return {
    ms: longestReconnectMs + push.ms,
    derivation: `at most ${longestReconnectMs} ms until a proxy connects to istiod again, ${push.derivation}`,
  };
}

/**
 * The most time from the start of an istiod that cannot reach a cluster of its remote secrets until it is ready: the start of
 * any pod, and PILOT_REMOTE_CLUSTER_TIMEOUT, 30 s unless it is set; 0 waits for ever
 * (https://istio.io/latest/docs/reference/commands/pilot-discovery/).
 *
 * @param podReadyMs what a pod may take to be ready by itself.
 * @param settings istiod's environment.
 * @throws RangeError where istiod waits for ever.
 */
export function lonelyIstiodBound(
  podReadyMs: number,
  settings: Readonly<Record<string, string>> = {},
): TimeBound {
  const timeoutMs = durationMs(settings['PILOT_REMOTE_CLUSTER_TIMEOUT'] ?? '30s');
  if (timeoutMs === 0)
    throw new RangeError(
      'PILOT_REMOTE_CLUSTER_TIMEOUT is 0: istiod waits for ever for a cluster that is gone',
    );
  return {
    ms: podReadyMs + timeoutMs,
    derivation: `${podReadyMs} ms for its pod, ${timeoutMs} ms of waiting for the cluster that is gone (PILOT_REMOTE_CLUSTER_TIMEOUT)`,
  };
}

/** How long an API server keeps a connection that is dead: it asks after 30 s of silence, and waits 15 s (golang.org/x/net/http2, as k8s.io/apimachinery/pkg/util/net sets it). */
const deadConnectionMs = 45_000;

/** How long it waits for an answer of the injection webhook (`timeoutSeconds`, default 10). */
const webhookMs = 10_000;

/**
 * The most time from an istiod being back until a pod is ready that could not be made without it. Its connection to the injection webhook
 * may be dead without the API server's knowing, and whoever makes pods pauses after each attempt in vain, each time twice as
 * long (client-go/util/workqueue, up to 1,000 s): so the pause that the outage ends in is no longer than all of the time before it.
 *
 * @param outageMs from the last moment at which a pod could be made.
 * @param podReadyMs what a pod may take to be ready by itself.
 */
export function podsReturnBound(outageMs: number, podReadyMs: number): TimeBound {
  const vainMs = outageMs + deadConnectionMs + webhookMs;
  return {
    ms: Math.ceil(2 * vainMs - outageMs + podReadyMs),
    derivation: `attempts are in vain for ${Math.ceil(outageMs)} ms of the outage, ${deadConnectionMs} ms of a dead connection and ${webhookMs} ms of the last call, the pause before the next is no longer than that, and the pod takes ${podReadyMs} ms`,
  };
}

/** What a frozen cluster may cost callers of a service that other clusters have, too. */
export interface FrozenConfig {
  outlierDetection: OutlierDetection;
  /** The route's timeout: what ends a request that is never answered. */
  timeoutMs: number;
  /** The share of requests that goes to the cluster while it is well, 0 to 1. */
  share: number;
  /** Gateways by which it is reached: each is one endpoint to its callers, and has to be ejected. */
  gateways: number;
  requestIntervalMs: number;
  /** From the answer of a proxy to its entry in the recording, on a busy machine. */
  allowanceMs: number;
}

/**
 * The most time from a cluster being frozen until no request hangs any more, and the most requests that may be lost until then.
 * Its kernel goes on acknowledging, so that neither TCP nor its keep-alive notices anything
 * (https://man7.org/linux/man-pages/man7/tcp.7.html, TCP_KEEPALIVE): only answers that do not come tell. Each of them counts
 * for outlier detection when the route's timeout is over (Envoy documentation, "Outlier detection": a timeout counts as a
 * gateway error). So all is over when each gateway was sent its consecutive errors, with a share of the requests that is
 * counted so that more are needed with a probability of 1e-6 only; then come the last timeout and what was sent until
 * then. Everything that is sent to the cluster in that time may be lost.
 *
 * @throws RangeError where the settings eject nothing, or not all that leads to the cluster.
 */
export function frozenBound(config: FrozenConfig): { time: TimeBound; requests: number } {
  const { outlierDetection, timeoutMs, share, gateways, requestIntervalMs, allowanceMs } = config;
  const threshold = ejectionThreshold(outlierDetection);
  if (threshold === undefined)
    throw new RangeError('no outlier detection: a frozen cluster is called for ever');
  const needed = threshold * gateways;
  let sent = needed;
  while (binomialAtMost(needed - 1, sent, share) > defaultAlpha) sent += 1;
  const ejectedMs = sent * requestIntervalMs + timeoutMs;
  const lostMs = ejectedMs + timeoutMs + allowanceMs;
  return {
    time: {
      ms: Math.ceil(lostMs),
      derivation: `${sent} requests until ${gateways} gateways were sent ${threshold} each, ${timeoutMs} ms until they count, ${timeoutMs} ms for the last one that was sent before, ${allowanceMs} ms allowed`,
    },
    requests: Math.ceil((ejectedMs + allowanceMs) / requestIntervalMs),
  };
}

/**
 * How long traffic has to stay where it is, after it returned, to have settled: whatever could move it once more has had its turn
 * by then. Hosts that are ejected after all come back within `baseEjectionTime` and `interval` (Envoy documentation, "Outlier
 * detection: ejection algorithm"); a second look at that is a second such turn.
 */
export function quietTime({ outlierDetection = {} }: Pick<FailoverConfig, 'outlierDetection'>): TimeBound {
  const { baseEjectionTimeMs = istioDefaults.baseEjectionTimeMs, intervalMs = istioDefaults.intervalMs } =
    outlierDetection;
  const turnMs = baseEjectionTimeMs + intervalMs;
  return {
    ms: 2 * turnMs,
    derivation: `twice the ${turnMs} ms in which an ejected host comes back (baseEjectionTime and interval)`,
  };
}

/**
 * How many answers of one region in a row show that traffic is there, and not that a mixture of two looked like it by luck: while only some
 * local pods are ready, each request is drawn by itself, and stays with the share of {@link expectedLocalShare}. The smallest n for
 * which any of `requests` begins such a run with a probability of at most alpha (union bound): requests × share^n ≤ alpha, where
 * share is the largest that either region may have in a mixture.
 *
 * @param requests that are sent while the mixture may last.
 */
export function tellingStreak(
  { localPods, requests }: { localPods: number; requests: number },
  alpha: number = defaultAlpha,
): number {
  const shares = Array.from({ length: localPods - 1 }, (_, index) =>
    expectedLocalShare(index + 1, localPods),
  );
  const mixed = shares.filter((share) => share < 1).flatMap((share) => [share, 1 - share]);
  return mixed.length === 0 ? 1 : Math.ceil(Math.log(alpha / requests) / Math.log(Math.max(...mixed)));
}

/** {@link failbackBound}, for hosts that stayed and were ejected as often as that can happen while a fault lasts. */
export function returnBound(config: FailoverConfig, faultMs: number): TimeBound {
  return failbackBound(config, { ejections: ejectionsWithin(config.outlierDetection ?? {}, faultMs) });
}
