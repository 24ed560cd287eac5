/**
 * The defaults of the settings of a mesh, and two allowances.
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
 * Envoy spills traffic to the next priority only where healthy × this is below all hosts of a priority (Envoy
 * documentation, "Priority levels"; Istio leaves the overprovisioning factor at its default of 140 %).
 */
export const overprovisioning = 1.4;

/** `trafficPolicy.outlierDetection` of a DestinationRule; times in milliseconds. */
export interface OutlierDetection {
  /** 0 switches it off. */
  consecutive5xxErrors?: number;
  /** 0 switches it off, and so does leaving it out. */
  consecutiveGatewayErrors?: number;
  intervalMs?: number;
  baseEjectionTimeMs?: number;
  /** Of all hosts of the cluster, those of other regions included. */
  maxEjectionPercent?: number;
}

/** What a route says of a request's time and tries; milliseconds. Istio reference, VirtualService, HTTPRoute and HTTPRetry. */
export interface RoutePolicy {
  /** Over all tries. Absent: none. */
  timeoutMs?: number;
  /** Retries after the first try. Istio's default is 2. */
  attempts?: number;
  /** Absent: as `timeoutMs`. */
  perTryTimeoutMs?: number;
}
