import { istioDefaults, type OutlierDetection, overprovisioning } from '../../base/istio-facts.ts';
import { binomialAtMost, defaultAlpha } from '../statistics.ts';
import type { ErrorBudget } from './error-budget.ts';

/** The settings and the traffic that determine a failover bound. */
export interface FailoverConfig {
  /** Absent if no DestinationRule sets it: then only the control plane moves traffic. */
  outlierDetection?: OutlierDetection;
  /** Pods of the service in the caller's region, before the fault. */
  localPods: number;
  /** Time between two requests of the recording. */
  requestIntervalMs: number;
  /** open: requests are sent when due. closed: each request waits for the answer before it. Default closed, which takes longer. */
  load?: 'open' | 'closed';
  /** Requests in flight at once: callers of a closed loop, rate × latency of an open one. Default 1. */
  concurrentRequests?: number;
  /** The longest duration of a failing attempt: the connect timeout, or the route's timeout if a pod hangs. */
  attemptTimeoutMs?: number;
  /** Whether Envoy retries a failed attempt on another host: connect failures yes (Istio's default `retryOn`), resets and 5xx no. */
  retried?: boolean;
  retryAttempts?: number;
  debounceMaxMs?: number;
  /** From the injection to the last local pod's last answer: the grace period, 0 for a forced kill. */
  drainMs?: number;
}

/** A bound in milliseconds and its derivation in words. */
export interface TimeBound {
  ms: number;
  derivation: string;
}

/** The number of consecutive errors that ejects a host, or `undefined` if outlier detection is disabled. */
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
 * The most time from the injection of a fault that ends all local pods until another region answers every request:
 *
 *     drain + min(control plane, ejection) + one attempt + one request interval
 *
 * control plane = EndpointSlice + PILOT_DEBOUNCE_MAX + push. Ejection = the time until the caller's proxy got the consecutive
 * errors of every local pod. For `consecutive5xxErrors` Envoy ejects inline, without waiting for the `interval` (Envoy
 * documentation, "Outlier detection: ejection algorithm"). While Envoy ejects pods one after another, the local share falls
 * as in {@link expectedLocalShare}. So the bound counts requests at the smallest share, and with a probability of 1e-6 to
 * need more. Ejection counts only if `maxEjectionPercent` is 100, because a smaller limit protects the last pods.
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

/** The smallest n for which fewer than `failures` of n requests reach local pods with a probability of at most 1e-6. */
function requestsForFailures(failures: number, share: number): number {
  if (share >= 1) return failures;
  let n = failures;
  while (binomialAtMost(failures - 1, n, share) > defaultAlpha) n += 1;
  return n;
}

/**
 * The most time from the moment that one of `config.localPods` pods answers every request with 5xx until it is ejected. The
 * pod has to get its consecutive errors from its share of the traffic; more requests are needed with a probability of 1e-6
 * only. Then follow one attempt and one request interval.
 *
 * @throws RangeError if the settings eject nothing.
 */
export function ejectionBound(config: FailoverConfig): TimeBound {
  const { localPods, requestIntervalMs, attemptTimeoutMs = istioDefaults.connectTimeoutMs } = config;
  const threshold = ejectionThreshold(config.outlierDetection);
  if (threshold === undefined) throw new RangeError('no outlier detection: Envoy never ejects a pod');
  const requests = requestsForFailures(threshold, 1 / localPods);
  return {
    ms: Math.ceil((requests + 1) * requestIntervalMs + attemptTimeoutMs),
    derivation: `${requests} requests until one of ${localPods} pods got ${threshold}, ${attemptTimeoutMs} ms for the last attempt, ${requestIntervalMs} ms to the next request`,
  };
}

/** Envoy's longest pause before a retry (Envoy documentation, "Router: x-envoy-max-retries": ten times 25 ms). */
const longestBackOffMs = 250;

/**
 * The most time that a caller may wait for a failure if no host accepts connections: every attempt runs into the connect
 * timeout, with the longest pause before each retry.
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
 * The most requests that may fail while traffic moves, and the derivation in words. The caller's proxy may see
 * `consecutive errors × local pods` failed attempts before all pods are ejected. With `retried`, a request fails only if all
 * its attempts fail, so these attempts make fewer failed requests. Requests in flight at the fault and at each ejection are
 * added. The budget never exceeds the requests that are sent within {@link failoverBound}.
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
      derivation: `${sent} requests are sent within the bound of ${bound.ms} ms, and Envoy ejects no pod before`,
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

/**
 * {@link failoverErrorBudget}, and the budget for a late sender: the requests that it sent at once, after `lateMs`, count as in
 * flight.
 */
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
 * How often Envoy can have ejected a host while a fault lasted: first for `baseEjectionTime`, and each time for
 * `baseEjectionTime` longer (Envoy documentation, "Ejection algorithm").
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
 * The most time until the next ejection of a host lasts only `baseEjectionTime` again, after ejections while a fault lasted.
 * Each sweep that finds the host not ejected lowers the multiplier of its next ejection by one (Envoy,
 * `DetectorImpl::checkHostForUneject`). The first sweep may be an `interval` away.
 */
export function ejectionResetBound(outlierDetection: OutlierDetection, faultMs: number): TimeBound {
  const { intervalMs = istioDefaults.intervalMs } = outlierDetection;
  const ejections = ejectionsWithin(outlierDetection, faultMs);
  return {
    ms: (ejections + 1) * intervalMs,
    derivation: `${ejections + 1} sweeps of ${intervalMs} ms, because a host was ejected up to ${ejections} times`,
  };
}

/**
 * How long the `ejections`th ejection of a host lasts, in milliseconds: `baseEjectionTime` × ejections, at most Envoy's
 * `max_ejection_time`, and until the next sweep, at most one `interval` later (Envoy documentation, "Ejection algorithm").
 */
export function ejectionLastsMs(outlierDetection: OutlierDetection, ejections: number): number {
  const { baseEjectionTimeMs = istioDefaults.baseEjectionTimeMs, intervalMs = istioDefaults.intervalMs } =
    outlierDetection;
  const longestMs = Math.max(istioDefaults.maxEjectionTimeMs, baseEjectionTimeMs);
  return Math.min(baseEjectionTimeMs * ejections, longestMs) + intervalMs;
}

/**
 * The most time from local pods being ready again until local pods answer every request: EndpointSlice + PILOT_DEBOUNCE_MAX +
 * push, one attempt and one request interval. New pods are new hosts without an ejection. Pods that stayed return after
 * {@link ejectionLastsMs}.
 *
 * @param options.ejections how often each pod was ejected; 0 for new pods.
 */
export function failbackBound(config: FailoverConfig, options: { ejections?: number } = {}): TimeBound {
  const { debounceMaxMs = istioDefaults.debounceMaxMs, requestIntervalMs, outlierDetection = {} } = config;
  const { ejections = 0 } = options;
  const attemptMs = config.attemptTimeoutMs ?? istioDefaults.connectTimeoutMs;
  const controlPlaneMs = istioDefaults.endpointSliceMs + debounceMaxMs + istioDefaults.pushMs;
  const ejectedMs = ejections === 0 ? 0 : ejectionLastsMs(outlierDetection, ejections);
  const path =
    ejectedMs > controlPlaneMs
      ? `${ejectedMs} ms until pods that were ejected ${ejections} times return`
      : `${controlPlaneMs} ms until istiod has pushed the new endpoints`;
  return {
    ms: Math.ceil(Math.max(controlPlaneMs, ejectedMs) + attemptMs + requestIntervalMs),
    derivation: `${path}, ${attemptMs} ms for the last attempt, ${requestIntervalMs} ms to the next request`,
  };
}
