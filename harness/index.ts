import { test } from './suite/fixtures.ts';
import { promiseFor } from './suite/promise.ts';

export { test };
export { expect } from './suite/expect.ts';
/** Declares a suite's promise on top of {@link test}. */
export const promise = promiseFor(test);
export { recordCause } from './suite/cause.ts';
export { recordExperiment } from './suite/experiment.ts';
export { weightsOf, type JudgedWeights } from './suite/judge-weights.ts';
export { hold, holdAll, holdPhases } from './suite/hold.ts';
export { judgeCalls, judgeEach, type ExpectedCall } from './suite/judge-each.ts';
export { recordJudgement, type PromiseDefinition } from './suite/promise.ts';

export type { Apply, ApplyOptions } from './suite/apply-session.ts';
export { meshVariable } from './suite/fixtures.ts';
export type { Callers } from './suite/callers.ts';
export { watchProxies } from './suite/proxy-waits.ts';
export { routesTo, type Route } from './suite/routes.ts';
export { faultEvents, loadRate, provenBy, scopeOf, UnderLoad, waysTo, type Way } from './suite/under-load.ts';
export { timeouts } from './base/timeouts.ts';
export { whileWaiting } from './base/waiting.ts';

export type { Mesh, MeshCluster, Pod } from './mesh/attach.ts';
export { istiodSettings, istiodsOf, type IstiodDebug } from './mesh/istiod.ts';
export { ownWorkload } from './workloads/own-workload.ts';
export { ejectedHosts } from './mesh/known-endpoints.ts';
export { knownEndpoints } from './mesh/known-endpoints.ts';
export { clustersWithChoice, clustersWithFailover, isLocalFirst, localFirst } from './mesh/local-first.ts';
export { crossings, placements, remoteOnly, shared, type Placement } from './config/placement.ts';
export { awaitProxies, mentions, type ProxyPredicate, type ProxyView } from './mesh/propagation.ts';
export { outboundCluster, type EdsLocality, type Endpoint } from './mesh/proxy.ts';
export { clientProxies, seenUnready, waitUntilReady } from './mesh/readiness.ts';
export { remoteView, type RemoteView } from './mesh/remote-view.ts';
export { readerAccounts, type ReaderAccount } from './mesh/reader-account.ts';
export { expectedEndpoints } from './mesh/expected-endpoints.ts';
export { observeSync } from './mesh/sync-evidence.ts';
export { endpointWeights, localityWeights, weightTowards } from './mesh/weights.ts';
export { readTrust } from './traffic/read-trust.ts';
export { ingressPrincipals, principalOf, spiffeIdOf } from './mesh/spiffe.ts';
export { routePolicyOf, trafficPolicyOf, type TrafficPolicy } from './mesh/traffic-policy.ts';
export { plainProbe, servicePorts, workloadPorts } from './config/workload-names.ts';

export { expectedBytes, streamBytes } from './traffic/bodies.ts';
export { bucketsOf } from './traffic/buckets.ts';
export type { Buckets } from './traffic/timeline.ts';
export { Caller } from './traffic/caller.ts';
export { startClock, type Clock } from './traffic/clock.ts';
export { startLoad, type Load, type LoadOptions } from './traffic/k6-load.ts';
export { recordOf, send, type Exchange, type SendOptions, type Target } from './traffic/probe.ts';
export { record, recordCount, recordFor, type Recording } from './traffic/recorder.ts';
export { callTcp } from './traffic/tcp.ts';
export { download, echo, streamMs, takeStream } from './traffic/transfers.ts';
export type { Origin, Outcome, RequestRecord, Timeline } from './traffic/timeline.ts';
export { attemptTls, eastWestSni, type TlsResult } from './traffic/tls.ts';
export { foreignIdentity, type ClientIdentity } from './traffic/foreign-identity.ts';
export { awaitStreak, recordFurther } from './traffic/streak.ts';

export type { Experiment } from './report/experiment.ts';

export { stopEastWestGateway, type StoppedGateway } from './chaos/gateway.ts';
export { awaitPods, endPods, killPods, resize, scale, type Scaled } from './chaos/scale.ts';
export { proveServed } from './chaos/served.ts';
export { FaultUnavailable } from './chaos/fault.ts';
export { faults as faultKinds } from './chaos/faults.ts';
export { inject, type Healed, type Injected } from './chaos/heal/inject.ts';
export { makeSick, type SickPod, type Sickness } from './chaos/workloads/sick-pod.ts';

export { judgeAnsweredBy, requestsToSeeFailures } from './verdict/answered-by.ts';
export { judgeShares } from './verdict/balance.ts';
export { consistently, eventually, judgeConsistently, judgeEventually } from './verdict/convergence.ts';
export { judgeCoverage, requestsToSeeAll } from './verdict/coverage.ts';
export { judgeCrossNetwork, type ProxyEndpoints } from './verdict/cross-network.ts';
export { discoveryBound, judgeSync, type SyncEvidence } from './verdict/discovery.ts';
export { ifOnlyUnhealthyEjected } from './verdict/ejected-hosts.ts';
export { judgeIntact, judgeStreaming } from './verdict/integrity.ts';
export type { Transfer } from './traffic/transfers.ts';
export { judgeIsolation, type DirectAttempt } from './verdict/isolation.ts';
export { judgeReach, type ReachedService } from './verdict/reach.ts';
export { judgeReader } from './verdict/reader-access.ts';
export { requestsNeeded } from './verdict/statistics.ts';
export { requestInWords } from './verdict/wording.ts';
export type { Judgement, Measurement } from './verdict/verdict.ts';
export { peakOfLatest } from './verdict/concurrency.ts';
export { judgeCallerIdentity } from './verdict/caller-identity.ts';
export {
  ejectionBound,
  failbackBound,
  failoverBound,
  failoverErrorBudget,
  failoverErrorBudgets,
  failureBound,
  ejectionResetBound,
  type FailoverConfig,
} from './verdict/bounds/failover-bounds.ts';
export { istioDefaults } from './base/istio-facts.ts';
export {
  answerAllowanceMs,
  cutBound,
  gatewayLossBudget,
  hangBound,
  silenceBound,
  recoveryBound,
  whileCut,
} from './verdict/bounds/resilience-bounds.ts';
export { asBaseline, every } from './verdict/judgement.ts';
export { since } from './verdict/window.ts';
export {
  frozenBound,
  isolatedIstiodBound,
  podsReturnBound,
  pushBound,
  quietTime,
  reconnectBound,
  returnBound,
  streakToProveRegion,
} from './verdict/bounds/cluster-bounds.ts';
export { judgeFailover } from './verdict/failover.ts';
export { judgeEjection, judgeStaysIn } from './verdict/locality.ts';
export { answeredOk } from './verdict/outage.ts';
export type { Good } from './traffic/timeline.ts';
export { judgeOutage } from './verdict/outage-cost.ts';
export { judgeOutcomes } from './verdict/outcomes.ts';
export { judgeSettles } from './verdict/region-changes.ts';
export { judgeRecovery } from './verdict/recovery.ts';
export { isOpen, judgeRefusal } from './verdict/refusal.ts';
export { judgeIdentities, judgeMixedIssuers, judgeSharedRoot } from './verdict/trust.ts';
export type { ClusterTrust } from './traffic/read-trust.ts';
