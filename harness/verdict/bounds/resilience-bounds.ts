import { istioDefaults, type RoutePolicy } from '../../base/istio-facts.ts';
import { binomialAtMost, defaultAlpha } from '../statistics.ts';
import type { Window } from '../window.ts';
import {
  ejectionBound,
  ejectionsWithin,
  type FailoverConfig,
  takenBackMs,
  type TimeBound,
} from './failover-bounds.ts';

/** What an answer may take on top of the waits of the mesh, on a machine that is busy. */
export const answerAllowanceMs = 500;

/**
 * The most time that a caller may wait for a failure while nothing comes back: packets vanish, so what ends it is the
 * route's timeout, whatever is retried within (Envoy documentation, "HTTP routing: timeouts"). Without one, new connections end
 * with {@link failureBound} and those that exist do not end at all.
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
 * What one hanging pod of several may cost: a try that hangs lasts `perTryTimeout`, then another pod is asked (Istio's
 * retries leave out hosts that were tried). So no request fails, and only those are slow that are sent until the pod was given its
 * consecutive errors: a try that times out counts as one (Envoy documentation, "Outlier detection": a timeout is a gateway
 * error of local origin).
 *
 * @throws RangeError when nothing ends a try, or the settings eject nothing.
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
 * The least time between two updates of a node's rules by kube-proxy: what came right after one waits for the next
 * (`iptables.minSyncPeriod`, 1 s; https://kubernetes.io/docs/reference/networking/virtual-ips/#minsyncperiod).
 */
const kubeProxySyncMs = 1_000;

/**
 * What it may cost to lose one of several pods of a gateway. Its connections end at once, so requests in flight on them fail.
 * New connections may still be sent to it until the node's proxy has learnt that it is gone (an EndpointSlice's way) and has written its
 * rules; those are refused and tried again, so that a request fails only when all its tries go there: more than counted here
 * with a probability of 1e-6 only.
 */
export function gatewayLossBudget(options: {
  pods: number;
  requestIntervalMs: number;
  concurrentRequests: number;
  /** Of the route; Istio's default where it says nothing. */
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
    derivation: `${cut} in flight, and ${refused} of ${sent} requests within ${staleMs} ms whose ${1 + retryAttempts} tries all go to the pod that is gone`,
  };
}

/** A way that is cut, and what has to be seen of it. */
export interface CutConfig {
  /** Requests to see meanwhile. */
  atLeast: number;
  requestIntervalMs: number;
  /** The most that a request may be sent after it was due. */
  stallMs: number;
}

/**
 * How long a way has to stay cut so that enough requests are seen to fail: one interval until the first is due, the requests, and what
 * {@link whileCut} leaves out at the end.
 *
 * @throws RangeError for a route without a timeout: an answer may come however long a cut was.
 */
export function cutBound({ atLeast, requestIntervalMs, stallMs }: CutConfig, route: RoutePolicy): TimeBound {
  const timeoutMs = timeoutOf(route);
  return {
    ms: Math.ceil((atLeast + 1) * requestIntervalMs + timeoutMs + stallMs),
    derivation: `${atLeast} requests and the interval before the first, ${requestIntervalMs} ms each, the route's timeout of ${timeoutMs} ms, ${stallMs} ms that the last may be sent late`,
  };
}

/**
 * The requests that nothing but a failure can come of: due once a cut was proven, at `fromMs`, and so long before it ended that the
 * route's timeout ended them too, even where they were sent late. Who is still under way then may be answered after all.
 *
 * @throws RangeError where so few are due meanwhile that nothing could be judged, and as {@link cutBound}.
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
  if (timeoutMs === undefined) throw new RangeError('a route without a timeout: a caller waits for ever');
  return timeoutMs;
}

/**
 * The most time from the end of a fault of the way to a service until every request is served: hosts that were ejected
 * come back after `baseEjectionTime` × ejections, at the next sweep ({@link takenBackMs}); then one try that began before. `ejections`
 * is how often that can have happened while the fault lasted ({@link ejectionsWithin}). Where the fault was `silent`, packets vanishing
 * without a word, a connection that was not given up may first have to wait for TCP to try again: its pauses double, so the one that the
 * fault ends in is at most as long as the fault (RFC 6298, 5.5). That passes while hosts are away, if any are.
 */
export function wayBackBound(
  config: FailoverConfig,
  fault: { lastedMs: number; silent: boolean },
  { timeoutMs = istioDefaults.connectTimeoutMs }: RoutePolicy,
): TimeBound {
  const { outlierDetection, requestIntervalMs } = config;
  const ejections = outlierDetection === undefined ? 0 : ejectionsWithin(outlierDetection, fault.lastedMs);
  const ejectedMs = outlierDetection === undefined ? 0 : takenBackMs(outlierDetection, ejections);
  const silenceMs = fault.silent ? fault.lastedMs : 0;
  const wait =
    silenceMs > ejectedMs
      ? `${Math.round(silenceMs)} ms until TCP tries again`
      : `${ejectedMs} ms until what was ejected ${ejections} times is taken back`;
  return {
    ms: Math.ceil(Math.max(ejectedMs, silenceMs) + timeoutMs + requestIntervalMs + answerAllowanceMs),
    derivation: `${wait}, ${timeoutMs} ms for the last try, ${requestIntervalMs} ms to the next request, ${answerAllowanceMs} ms for its answer`,
  };
}
