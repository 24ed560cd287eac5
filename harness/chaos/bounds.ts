import { timeouts } from '../base/timeouts.ts';

/** The time limits of a fault, milliseconds. */
export interface Bounds {
  /** From the first change to the proof of its effect. */
  injectMs: number;
  /** From the first step of healing to the proof that the effect is gone. */
  healMs: number;
}

const { apiMs, connectMs, podReadyMs, endpointMs, propagationMs, settleMs, controllersMs, watchMs } =
  timeouts;

/** A shell in a container through Docker, and a few TCP connections that may time out. */
const inContainer = settleMs + 2 * connectMs;

/**
 * The longest time for which istiods can miss changes in a cluster after its API server answers again. Clients
 * re-establish a lost watch with exponential back-off: 0.8 s, doubled each time, with a random factor up to 2, and up
 * to a minute (client-go, tools/cache/reflector.go). The last pause is at most twice as long as all before it
 * together, plus twice the first. A loss in the two minutes before adds to it.
 */
export const longestWatchPauseMs = (lostMs: number): number => Math.min(watchMs, 2 * lostMs + 1_600);

/**
 * Time limits by kind of fault. Each is the sum of the waits that follow each other. docs/proofs/faults.md has
 * measured times, which are far below.
 */
export const bounds = {
  /** Pods leave (their grace period is 5 s), and their successors become ready. */
  pods: { injectMs: apiMs + endpointMs, healMs: apiMs + podReadyMs },
  /** Envoy's runtime through a port-forward. The proof is an answer that is late or absent. */
  unhealthyPods: { injectMs: 2 * apiMs, healMs: 2 * apiMs },
  /** New pods of another template run and are not ready. Healing replaces them again. */
  rollout: { injectMs: apiMs + podReadyMs, healMs: apiMs + podReadyMs },
  /** As `pods`, and another cluster tries the port of the gateway. */
  gateway: { injectMs: apiMs + endpointMs + connectMs, healMs: apiMs + podReadyMs + endpointMs },
  /** Rules in the kernel of the link take effect at once. */
  link: { injectMs: 2 * inContainer, healMs: 2 * inContainer },
  /** Pods of istiod leave; new pods start, and proxies connect again. */
  istiod: { injectMs: apiMs + endpointMs, healMs: apiMs + podReadyMs + endpointMs },
  /**
   * Rules in the node. After healing the API server answers at once, and its clients watch it again within a minute.
   */
  apiServer: { injectMs: 2 * inContainer, healMs: inContainer + apiMs + watchMs },
  /**
   * The controllers of a frozen cluster lose their leases and exit. The kubelet restarts them with its back-off (10
   * s, https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy).
   */
  cluster: { injectMs: 2 * inContainer, healMs: inContainer + controllersMs + podReadyMs },
  /** A change of configuration reaches istiod and the proxies. */
  discovery: { injectMs: apiMs + propagationMs, healMs: apiMs + propagationMs + endpointMs },
  /** From the Secret to the mounted file and istiod's reload; new certificates by a rollout of each workload. */
  intermediate: {
    injectMs: apiMs + propagationMs + 2 * podReadyMs,
    healMs: apiMs + propagationMs + 2 * podReadyMs,
  },
  /** The same twice: first trust, then issuing; healing in reverse order. istiod restarts each time. */
  root: {
    injectMs: 2 * (apiMs + propagationMs + 2 * podReadyMs),
    healMs: 2 * (apiMs + propagationMs + 2 * podReadyMs),
  },
} as const satisfies Record<string, Bounds>;
