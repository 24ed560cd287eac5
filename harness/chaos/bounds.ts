import { timeouts } from '../base/timeouts.ts';

/** The most that a fault may take, milliseconds. */
export interface Bounds {
  /** From the first change to the proof of its effect. */
  injectMs: number;
  /** From the first step of healing to the proof that the effect is gone. */
  healMs: number;
}

const { apiMs, connectMs, podReadyMs, endpointMs, propagationMs, settleMs, controllersMs, watchMs } =
  timeouts;

/** A shell in a container through Docker, and a few TCP connections that may have to time out. */
const inContainer = settleMs + 2 * connectMs;

/**
 * How long istiods may not hear what changes in a cluster whose API server was lost and answers again. Who lost a watch asks for it again after
 * pauses that begin with 0.8 s and double, each stretched by as much again at random, up to a minute (client-go, tools/cache/reflector.go): the
 * last is at most twice as long as all before it, and twice the first. A loss in the two minutes before adds to it.
 */
export const longestWatchPauseMs = (lostMs: number): number => Math.min(watchMs, 2 * lostMs + 1_600);

/**
 * Bounds of the kinds of faults. Each is the sum of what it has to wait for, one after the other; what was seen is in
 * docs/proofs/faults.md, and is far below.
 */
export const bounds = {
  /** Pods leave (their grace period is 5 s), their successors become ready. */
  pods: { injectMs: apiMs + endpointMs, healMs: apiMs + podReadyMs },
  /** Envoy's runtime by port-forward; the proof is one answer that is late or not there. */
  unhealthyPods: { injectMs: 2 * apiMs, healMs: 2 * apiMs },
  /** New pods of another template that run and are not ready; healing makes them once more. */
  rollout: { injectMs: apiMs + podReadyMs, healMs: apiMs + podReadyMs },
  /** As pods, and the port of the gateway is looked at from another cluster. */
  gateway: { injectMs: apiMs + endpointMs + connectMs, healMs: apiMs + podReadyMs + endpointMs },
  /** Rules of the link's kernel hold at once. */
  link: { injectMs: 2 * inContainer, healMs: 2 * inContainer },
  /** Pods of istiod leave; new ones start and proxies come back to them. */
  istiod: { injectMs: apiMs + endpointMs, healMs: apiMs + podReadyMs + endpointMs },
  /** Rules in the node; healed, the API server answers at once, and who watched it asks again within a minute. */
  apiServer: { injectMs: 2 * inContainer, healMs: inContainer + apiMs + watchMs },
  /**
   * Frozen, a cluster's controllers lose their leases. They end, and are started again with the kubelet's back-off
   * (10 s, https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy).
   */
  cluster: { injectMs: 2 * inContainer, healMs: inContainer + controllersMs + podReadyMs },
  /** One change of configuration until istiod and the proxies know it. */
  discovery: { injectMs: apiMs + propagationMs, healMs: apiMs + propagationMs + endpointMs },
  /** Secret to the mounted file, istiod's reload; new certificates by a rollout of every workload. */
  intermediate: {
    injectMs: apiMs + propagationMs + 2 * podReadyMs,
    healMs: apiMs + propagationMs + 2 * podReadyMs,
  },
  /** The same twice: first trust, then issuing; healing the other way round. istiod is restarted each time. */
  root: {
    injectMs: 2 * (apiMs + propagationMs + 2 * podReadyMs),
    healMs: 2 * (apiMs + propagationMs + 2 * podReadyMs),
  },
} as const satisfies Record<string, Bounds>;
