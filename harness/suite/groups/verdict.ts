/** Group `verdict` for suites: judge functions, time bounds and error budgets. */

export { failoverConfigOf } from '../given.ts';
export { judgeAnsweredBy, requestsToSeeFailures } from '../../verdict/answered-by.ts';
export { judgeShares } from '../../verdict/balance.ts';
export {
  frozenBound,
  isolatedIstiodBound,
  podsReturnBound,
  pushBound,
  quietTime,
  reconnectBound,
  returnBound,
  streakToProveRegion,
} from '../../verdict/bounds/cluster-bounds.ts';
export {
  type FailoverConfig,
  ejectionBound,
  ejectionResetBound,
  failbackBound,
  failoverBound,
  failoverErrorBudget,
  failoverErrorBudgets,
  failureBound,
} from '../../verdict/bounds/failover-bounds.ts';
export {
  answerAllowanceMs,
  cutBound,
  gatewayLossBudget,
  hangBound,
  recoveryBound,
  silenceBound,
  whileCut,
} from '../../verdict/bounds/resilience-bounds.ts';
export { judgeCallerIdentity } from '../../verdict/caller-identity.ts';
export { peakOfLatest } from '../../verdict/concurrency.ts';
export { eventually, judgeConsistently, judgeEventually } from '../../verdict/convergence.ts';
export { judgeCoverage, requestsToSeeAll } from '../../verdict/coverage.ts';
export { type ProxyEndpoints, judgeCrossNetwork } from '../../verdict/cross-network.ts';
export { discoveryBound, judgeSync } from '../../verdict/discovery.ts';
export { ifOnlyUnhealthyEjected } from '../../verdict/ejected-hosts.ts';
export { judgeFailover } from '../../verdict/failover.ts';
export { judgeIntact, judgeStreaming } from '../../verdict/integrity.ts';
export { type DirectAttempt, judgeIsolation } from '../../verdict/isolation.ts';
export { asBaseline, every } from '../../verdict/judgement.ts';
export { judgeEjection, judgeStaysIn } from '../../verdict/locality.ts';
export { judgeOutage } from '../../verdict/outage-cost.ts';
export { answeredOk } from '../../verdict/outage.ts';
export { judgeOutcomes } from '../../verdict/outcomes.ts';
export { type ReachedService, judgeReach } from '../../verdict/reach.ts';
export { judgeReader } from '../../verdict/reader-access.ts';
export { judgeRecovery } from '../../verdict/recovery.ts';
export { isOpen, judgeRefusal } from '../../verdict/refusal.ts';
export { judgeSettles } from '../../verdict/region-changes.ts';
export { requestsNeeded } from '../../verdict/statistics.ts';
export { judgeIdentities, judgeMixedIssuers, judgeSharedRoot } from '../../verdict/trust.ts';
export type { Judgement } from '../../verdict/verdict.ts';
export { since } from '../../verdict/window.ts';
export { requestInWords } from '../../verdict/wording.ts';
export { type ExpectedCall, judgeCalls, judgeEach } from '../judge-each.ts';
export { weightsOf } from '../judge-weights.ts';
