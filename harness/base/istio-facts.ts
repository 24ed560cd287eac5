/**
 * The defaults of Istio's settings, and two allowances.
 *
 * Outlier detection: Istio reference, DestinationRule, OutlierDetection. `connectTimeoutMs`: Istio reference, MeshConfig.
 * `retryAttempts`: Istio, "Traffic Management: Retries". `debounceMaxMs`: istiod's PILOT_DEBOUNCE_MAX (it waits for
 * PILOT_DEBOUNCE_AFTER, 100 ms, of quiet, and at most this long). `maxEjectionTimeMs`: Envoy reference, OutlierDetection.
 */
export const istioDefaults = {
  consecutive5xxErrors: 5,
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionPercent: 10,
  maxEjectionTimeMs: 300_000,
  connectTimeoutMs: 10_000,
  retryAttempts: 2,
  debounceMaxMs: 10_000,
  /** Allowance: from a pod's change to its EndpointSlice in istiod's watch. */
  endpointSliceMs: 1_000,
  /** Allowance: from istiod's push to the endpoints in the proxy's cluster manager. */
  pushMs: 1_000,
} as const;

/**
 * Envoy spills traffic to the next priority only if healthy hosts × this factor are fewer than all hosts of a priority (Envoy
 * documentation, "Priority levels"; Istio keeps the overprovisioning factor at its default of 140 %).
 */
export const overprovisioning = 1.4;

/** `trafficPolicy.outlierDetection` of a DestinationRule; times in milliseconds. */
export interface OutlierDetection {
  /** 0 disables ejection by 5xx errors. */
  consecutive5xxErrors?: number;
  /** 0 or absent disables ejection by gateway errors. */
  consecutiveGatewayErrors?: number;
  intervalMs?: number;
  baseEjectionTimeMs?: number;
  /** Of all hosts of the cluster, those of other regions included. */
  maxEjectionPercent?: number;
}

/** The timeouts and retries of a route; milliseconds. Istio reference, VirtualService, HTTPRoute and HTTPRetry. */
export interface RoutePolicy {
  /** The time for all tries. Absent: unlimited. */
  timeoutMs?: number;
  /** Retries after the first try. Istio's default is 2. */
  attempts?: number;
  /** The time for one try. Absent: `timeoutMs`. */
  perTryTimeoutMs?: number;
}
