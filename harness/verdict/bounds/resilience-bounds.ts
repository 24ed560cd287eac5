import { istioDefaults, type RoutePolicy } from '../../base/istio-facts.ts';
import { binomialAtMost, defaultAlpha } from '../statistics.ts';
import type { Window } from '../window.ts';
import {
  ejectionBound,
  ejectionLastsMs,
  ejectionsWithin,
  type FailoverConfig,
  type TimeBound,
} from './failover-bounds.ts';

/** The time that an answer may take in addition to the waits of the mesh, on a busy machine. */
export const answerAllowanceMs = 500;

/**
 * The most time that a caller may wait for a failure while all packets are dropped. The route's timeout ends the request,
 * including all retries (Envoy documentation, "HTTP routing: timeouts"). Without a timeout, new connections end with
 * {@link failureBound}, and existing connections do not end at all.
 *
 * @throws RangeError for a route without a timeout: nothing bounds the wait.
 */
export function silenceBound(route: RoutePolicy): TimeBound {
  const timeoutMs = timeoutOf(route);
  return {
    ms: timeoutMs + answerAllowanceMs,
    derivation: `the route's timeout of ${timeoutMs} ms, ${answerAllowanceMs} ms for the answer`,
  };
}

/**
 * The cost of one hanging pod of several. A try that hangs lasts `perTryTimeout`; then Envoy tries another pod (Istio's
 * retries skip hosts that were tried). So no request fails. Requests are slow until the pod has its consecutive errors: a try
 * that times out counts as one (Envoy documentation, "Outlier detection": a timeout is a gateway error of local origin).
 *
 * @throws RangeError if the route has no `perTryTimeout`, or the settings eject nothing.
 */
export function hangBound(
  config: Omit<FailoverConfig, 'attemptTimeoutMs'>,
  { perTryTimeoutMs }: RoutePolicy,
): { slow: TimeBound; slowRequests: number } {
  if (perTryTimeoutMs === undefined) throw new RangeError('no perTryTimeout: a try never ends');
  const slow = ejectionBound({ ...config, attemptTimeoutMs: perTryTimeoutMs });
  return { slow, slowRequests: Math.ceil(slow.ms / config.requestIntervalMs) };
}

/**
 * The least time between two updates of a node's rules by kube-proxy: a change right after an update waits for the next one
 * (`iptables.minSyncPeriod`, 1 s; https://kubernetes.io/docs/reference/networking/virtual-ips/#minsyncperiod).
 */
const kubeProxySyncMs = 1_000;

/**
 * The cost of losing one of several pods of a gateway. Its connections end at once, so requests in flight on them fail. New
 * connections may reach the lost pod until kube-proxy has the EndpointSlice and has written its rules. They are refused and
 * retried, so a request fails only if all its tries reach that pod. More such requests have a probability of 1e-6 only.
 */
export function gatewayLossBudget(options: {
  pods: number;
  requestIntervalMs: number;
  concurrentRequests: number;
  /** Retries of the route; default: Istio's default. */
  retryAttempts?: number | undefined;
}): { requests: number; ms: number; derivation: string } {
  const {
    pods,
    requestIntervalMs,
    concurrentRequests,
    retryAttempts = istioDefaults.retryAttempts,
  } = options;
  const staleMs = istioDefaults.endpointSliceMs + kubeProxySyncMs;
  const sent = Math.ceil(staleMs / requestIntervalMs);
  const allTries = (1 / pods) ** (1 + retryAttempts);
  let refused = 0;
  while (1 - binomialAtMost(refused, sent, allTries) > defaultAlpha) refused += 1;
  const cut = 2 * concurrentRequests;
  return {
    requests: refused + cut,
    ms: staleMs + answerAllowanceMs,
    derivation: `${cut} in flight, and ${refused} of ${sent} requests within ${staleMs} ms whose ${1 + retryAttempts} tries all reach the lost pod`,
  };
}

/** The load during a network cut. */
export interface CutConfig {
  /** Requests needed during the cut. */
  atLeast: number;
  requestIntervalMs: number;
  /** The most time that a request may be sent late. */
  stallMs: number;
}

/**
 * How long a network cut has to last so that enough requests fail in it: one interval until the first request is due, the
 * requests, and the end that {@link whileCut} leaves out.
 *
 * @throws RangeError for a route without a timeout: then a request may still be answered after the cut.
 */
export function cutBound({ atLeast, requestIntervalMs, stallMs }: CutConfig, route: RoutePolicy): TimeBound {
  const timeoutMs = timeoutOf(route);
  return {
    ms: Math.ceil((atLeast + 1) * requestIntervalMs + timeoutMs + stallMs),
    derivation: `${atLeast} requests and the interval before the first, ${requestIntervalMs} ms each, the route's timeout of ${timeoutMs} ms, ${stallMs} ms that the last may be sent late`,
  };
}

/**
 * The window of requests that can only fail: they are due after the cut was proven, at `fromMs`, and the route's timeout ends
 * them before the cut ends, even if they were sent late. A request that is in flight at the end of the cut may be answered.
 *
 * @throws RangeError if fewer than `atLeast` requests are due in the window, or for a route without a timeout.
 */
export function whileCut(
  cut: { fromMs: number; forMs: number },
  config: CutConfig,
  route: RoutePolicy,
): Window {
  const { atLeast, requestIntervalMs, stallMs } = config;
  const windowMs = cut.forMs - timeoutOf(route) - stallMs;
  if (!(windowMs >= atLeast * requestIntervalMs))
    throw new RangeError(
      `a cut of ${cut.forMs} ms shows ${Math.max(0, Math.floor(windowMs / requestIntervalMs))} requests, and ${atLeast} are needed`,
    );
  return { fromMs: cut.fromMs, toMs: cut.fromMs + windowMs };
}

function timeoutOf({ timeoutMs }: RoutePolicy): number {
  if (timeoutMs === undefined) throw new RangeError('the route has no timeout: a caller waits for ever');
  return timeoutMs;
}

/**
 * The most time from the end of a network fault until every request is served. Ejected hosts return after
 * {@link ejectionLastsMs}, with as many ejections as the fault allowed ({@link ejectionsWithin}). Then follows one try that
 * began before.
 *
 * If the fault was `silent` (packets were dropped), an existing connection may first wait for a retransmission of TCP. Its
 * pauses double, so the last pause is at most as long as the fault (RFC 6298, 5.5). Both waits run at the same time.
 */
export function recoveryBound(
  config: FailoverConfig,
  fault: { lastedMs: number; silent: boolean },
  { timeoutMs = istioDefaults.connectTimeoutMs }: RoutePolicy,
): TimeBound {
  const { outlierDetection, requestIntervalMs } = config;
  const ejections = outlierDetection === undefined ? 0 : ejectionsWithin(outlierDetection, fault.lastedMs);
  const ejectedMs = outlierDetection === undefined ? 0 : ejectionLastsMs(outlierDetection, ejections);
  const silenceMs = fault.silent ? fault.lastedMs : 0;
  const wait =
    silenceMs > ejectedMs
      ? `${Math.round(silenceMs)} ms until TCP retransmits`
      : `${ejectedMs} ms until hosts that were ejected ${ejections} times return`;
  return {
    ms: Math.ceil(Math.max(ejectedMs, silenceMs) + timeoutMs + requestIntervalMs + answerAllowanceMs),
    derivation: `${wait}, ${timeoutMs} ms for the last try, ${requestIntervalMs} ms to the next request, ${answerAllowanceMs} ms for its answer`,
  };
}
