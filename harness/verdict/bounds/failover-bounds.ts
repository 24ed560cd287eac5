import { istioDefaults, type OutlierDetection, overprovisioning } from '../../base/istio-facts.ts';
import { binomialAtMost, defaultAlpha } from '../statistics.ts';
import type { ErrorBudget } from './error-budget.ts';

/** The settings and the traffic that a failover bound follows from. */
export interface FailoverConfig {
  /** Absent: no DestinationRule sets it, and then only the control plane moves traffic. */
  outlierDetection?: OutlierDetection;
  /** Pods of the service in the caller's region, before the fault. */
  localPods: number;
  /** Time between two requests of the recording. */
  requestIntervalMs: number;
  /** open: requests are sent when due. closed: the next waits for the last. Default closed, which takes longer. */
  load?: 'open' | 'closed';
  /** Requests in flight at once: callers of a closed loop, rate × latency of an open one. Default 1. */
  concurrentRequests?: number;
  /** The longest a failing attempt lasts: the connect timeout, or the route's timeout where a pod hangs. */
  attemptTimeoutMs?: number;
  /** Whether a failed attempt is tried on another host: connect failures are (Istio's default `retryOn`), resets and 5xx are not. */
  retried?: boolean;
  retryAttempts?: number;
  debounceMaxMs?: number;
  /** From the injection to the last local pod's last answer: the grace period, 0 for a forced kill. */
  drainMs?: number;
}

/** A bound in milliseconds and the sentence that derives it. */
export interface TimeBound {
  ms: number;
  derivation: string;
}

/** The number of consecutive errors that ejects a host, or `undefined` where none does. */
export function ejectionThreshold(outlier: OutlierDetection | undefined): number | undefined {
  if (outlier === undefined) return undefined;
  const { consecutive5xxErrors = istioDefaults.consecutive5xxErrors, consecutiveGatewayErrors = 0 } = outlier;
  const active = [consecutive5xxErrors, consecutiveGatewayErrors].filter((errors) => errors > 0);
  return active.length === 0 ? undefined : Math.min(...active);
}

/**
 * The share of traffic that stays in the caller's region while only some of its pods are healthy:
 * min(1, healthy / all × 1.4). Two pods, one ejected: 70 %. One of four ejected: all of it.
 */
export function expectedLocalShare(healthyPods: number, allPods: number): number {
  return Math.min(1, (overprovisioning * healthyPods) / allPods);
}

/**
 * The most time that may pass from the injection of a fault that ends all local pods until every request is
 * answered by another region:
 *
 *     drain + min(control plane, ejection) + one attempt + one request interval
 *
 * control plane = EndpointSlice + PILOT_DEBOUNCE_MAX + push. Ejection = the time in which the caller's proxy has sent
 * every local pod its consecutive errors: for `consecutive5xxErrors` it ejects inline, without waiting for the
 * `interval` (Envoy documentation, "Outlier detection: ejection algorithm"). While pods are ejected one after another
 * the local share falls as in {@link expectedLocalShare}, so the requests that takes are counted at the smallest
 * share and with a probability of 1e-6 to need more. Ejection counts only where `maxEjectionPercent` is 100, as a
 * smaller limit protects the last pods.
 */
export function failoverBound(config: FailoverConfig): TimeBound {
  const { debounceMaxMs = istioDefaults.debounceMaxMs, drainMs = 0, requestIntervalMs } = config;
  const attemptMs = config.attemptTimeoutMs ?? istioDefaults.connectTimeoutMs;
  const controlPlaneMs = istioDefaults.endpointSliceMs + debounceMaxMs + istioDefaults.pushMs;
  const ejectionMs = ejectionTime(config, attemptMs);
  const byEjection = ejectionMs !== undefined && ejectionMs < controlPlaneMs;
  const moved = byEjection ? ejectionMs : controlPlaneMs;
  const path = byEjection
    ? `${Math.round(ejectionMs)} ms until all ${config.localPods} local pods are ejected`
    : `${controlPlaneMs} ms until istiod has pushed the removed endpoints`;
  return {
    ms: Math.ceil(drainMs + moved + attemptMs + requestIntervalMs),
    derivation: `${path}, ${attemptMs} ms for the last attempt, ${requestIntervalMs} ms to the next request${drainMs > 0 ? `, ${drainMs} ms to drain` : ''}`,
  };
}

function ejectionTime(config: FailoverConfig, attemptMs: number): number | undefined {
  const threshold = ejectionThreshold(config.outlierDetection);
  const percent = config.outlierDetection?.maxEjectionPercent ?? istioDefaults.maxEjectionPercent;
  if (threshold === undefined || percent < 100) return undefined;
  const failures = threshold * config.localPods;
  const share = expectedLocalShare(1, config.localPods);
  const requests = requestsForFailures(failures, share);
  const attemptsMs = config.load === 'open' ? attemptMs : failures * attemptMs;
  return requests * config.requestIntervalMs + attemptsMs;
}

/** The smallest n for which fewer than `failures` of n requests go to local pods with a probability of at most 1e-6. */
function requestsForFailures(failures: number, share: number): number {
  if (share >= 1) return failures;
  let n = failures;
  while (binomialAtMost(failures - 1, n, share) > defaultAlpha) n += 1;
  return n;
}

/**
 * The most time that may pass from one of `config.localPods` pods answering every request with 5xx until it is ejected: it
 * has to be sent its consecutive errors, which its share of the traffic delays; counted so that more requests are needed with
 * a probability of 1e-6 only. Then one attempt and one request interval.
 *
 * @throws RangeError when the settings eject nothing.
 */
export function ejectionBound(config: FailoverConfig): TimeBound {
  const { localPods, requestIntervalMs, attemptTimeoutMs = istioDefaults.connectTimeoutMs } = config;
  const threshold = ejectionThreshold(config.outlierDetection);
  if (threshold === undefined) throw new RangeError('no outlier detection: nothing is ever ejected');
  const requests = requestsForFailures(threshold, 1 / localPods);
  return {
    ms: Math.ceil((requests + 1) * requestIntervalMs + attemptTimeoutMs),
    derivation: `${requests} requests until one of ${localPods} pods got ${threshold}, ${attemptTimeoutMs} ms for the last attempt, ${requestIntervalMs} ms to the next request`,
  };
}

/** Envoy's longest pause before a retry (Envoy documentation, "Router: x-envoy-max-retries": ten times 25 ms). */
const longestBackOffMs = 250;

/**
 * The most time that a caller may wait for the failure when nothing can be connected to: every attempt runs into the
 * connect timeout, with the longest pause before each retry.
 */
export function failureBound(
  connectTimeoutMs: number = istioDefaults.connectTimeoutMs,
  retryAttempts: number = istioDefaults.retryAttempts,
): TimeBound {
  return {
    ms: (1 + retryAttempts) * connectTimeoutMs + retryAttempts * longestBackOffMs,
    derivation: `${1 + retryAttempts} attempts of ${connectTimeoutMs} ms, ${longestBackOffMs} ms before each of ${retryAttempts} retries`,
  };
}

/**
 * The most requests that may fail while traffic moves, and the sentence that derives it. The caller's proxy may see
 * `consecutive errors × local pods` failed attempts before all are ejected; with `retried`, a request fails only when
 * all its attempts do, so that many attempts are worth fewer requests. Requests in flight at the fault and at each
 * ejection come on top. Never more than are sent within {@link failoverBound}.
 */
export function failoverErrorBudget(config: FailoverConfig): { requests: number; derivation: string } {
  const { concurrentRequests = 1, retryAttempts = istioDefaults.retryAttempts, localPods } = config;
  const bound = failoverBound(config);
  const sent =
    Math.ceil(bound.ms / config.requestIntervalMs) * (config.load === 'open' ? 1 : concurrentRequests) +
    concurrentRequests;
  const threshold = ejectionThreshold(config.outlierDetection);
  const percent = config.outlierDetection?.maxEjectionPercent ?? istioDefaults.maxEjectionPercent;
  if (threshold === undefined || percent < 100) {
    return {
      requests: sent,
      derivation: `${sent} requests are sent within the bound of ${bound.ms} ms, and nothing is ejected before`,
    };
  }
  const attempts = config.retried ? 1 + retryAttempts : 1;
  const failing = Math.ceil((threshold * localPods) / attempts);
  const inFlight = concurrentRequests * (1 + localPods);
  const requests = Math.min(sent, failing + inFlight);
  return {
    requests,
    derivation:
      `${threshold} errors eject each of ${localPods} pods${attempts > 1 ? `, ${attempts} attempts make one failed request` : ''}: ` +
      `${failing}, and ${inFlight} in flight (at most ${sent} are sent within the bound)`,
  };
}

/** {@link failoverErrorBudget}, and what it is when all was under way that a sender sent at once which was late by as much as a timeline's. */
export function failoverErrorBudgets(
  config: FailoverConfig,
  { lateMs = 0 }: { lateMs?: number },
): Required<ErrorBudget> {
  const late = Math.ceil(lateMs / config.requestIntervalMs);
  const bunched = { ...config, concurrentRequests: (config.concurrentRequests ?? 1) + late };
  return {
    budgetErrors: failoverErrorBudget(config).requests,
    lateBudgetErrors: failoverErrorBudget(bunched).requests,
  };
}

/**
 * How often a host can have been ejected while a fault lasted: for `baseEjectionTime` at first, and each time for as long again in
 * addition (Envoy documentation, "Ejection algorithm").
 */
export function ejectionsWithin(
  { baseEjectionTimeMs = istioDefaults.baseEjectionTimeMs }: OutlierDetection,
  faultMs: number,
): number {
  let ejections = 0;
  for (let endMs = 0; endMs < faultMs; endMs += baseEjectionTimeMs * ejections) ejections += 1;
  return ejections;
}

/**
 * How long a host that was ejected while a fault lasted has to stay in its place until that is forgotten, so that it is ejected like one
 * that never was: each sweep that finds it there takes one off what its next ejection is multiplied by (Envoy,
 * `DetectorImpl::checkHostForUneject`), and the first may be an `interval` away.
 */
export function forgottenBound(outlierDetection: OutlierDetection, faultMs: number): TimeBound {
  const { intervalMs = istioDefaults.intervalMs } = outlierDetection;
  const ejections = ejectionsWithin(outlierDetection, faultMs);
  return {
    ms: (ejections + 1) * intervalMs,
    derivation: `${ejections + 1} sweeps of ${intervalMs} ms, as a host was ejected up to ${ejections} times`,
  };
}

/**
 * How long a host stays away that was ejected for the `ejections`th time, milliseconds: `baseEjectionTime` × ejections, at most Envoy's
 * `max_ejection_time`, and to the next sweep, one `interval` later (Envoy documentation, "Ejection algorithm").
 */
export function takenBackMs(outlierDetection: OutlierDetection, ejections: number): number {
  const { baseEjectionTimeMs = istioDefaults.baseEjectionTimeMs, intervalMs = istioDefaults.intervalMs } =
    outlierDetection;
  const longestMs = Math.max(istioDefaults.maxEjectionTimeMs, baseEjectionTimeMs);
  return Math.min(baseEjectionTimeMs * ejections, longestMs) + intervalMs;
}

/**
 * The most time that may pass from local pods being ready again until every request is answered locally: EndpointSlice +
 * PILOT_DEBOUNCE_MAX + push, one attempt and one request interval. New pods are new hosts, with no ejection to wait out.
 * Pods that stayed (`ejections` ≥ 1: how often each was ejected) come back after `baseEjectionTime` × ejections, at most
 * Envoy's `max_ejection_time`, and at the next sweep, one `interval` later (Envoy documentation, "Ejection algorithm").
 */
export function failbackBound(config: FailoverConfig, options: { ejections?: number } = {}): TimeBound {
  const { debounceMaxMs = istioDefaults.debounceMaxMs, requestIntervalMs, outlierDetection = {} } = config;
  const { ejections = 0 } = options;
  const attemptMs = config.attemptTimeoutMs ?? istioDefaults.connectTimeoutMs;
  const controlPlaneMs = istioDefaults.endpointSliceMs + debounceMaxMs + istioDefaults.pushMs;
  const ejectedMs = ejections === 0 ? 0 : takenBackMs(outlierDetection, ejections);
  const path =
    ejectedMs > controlPlaneMs
      ? `${ejectedMs} ms until pods ejected ${ejections} times are taken back`
      : `${controlPlaneMs} ms until istiod has pushed the new endpoints`;
  return {
    ms: Math.ceil(Math.max(controlPlaneMs, ejectedMs) + attemptMs + requestIntervalMs),
    derivation: `${path}, ${attemptMs} ms for the last attempt, ${requestIntervalMs} ms to the next request`,
  };
}
