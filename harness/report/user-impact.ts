import { slotsOf, type Experiment } from './experiment.ts';
import { untried } from './judge.ts';
import type { FaultImpact, PathImpact, ReportPromise } from './schema.ts';

type Measurement = ReportPromise['measurements'][number];

/** The measurements of harness/verdict that say what a fault cost users. */
const lostNames = ['requests lost to the fault', 'failed requests', 'requests with an outcome other than ok'];
const outageName = 'outage';
const [recoveryAfterHealing, recoveryAfterFault] = ['recovery after healing', 'recovery after the fault'];
const failoverName = 'traffic moved to the other region';
/** Only judges of faults write these. Judges of a healthy mesh also write `failed requests`. */
const faultNames = [outageName, recoveryAfterHealing, recoveryAfterFault, failoverName];

/** One load during a fault. */
interface Path {
  phase: string | undefined;
  verdict: FaultImpact['verdict'];
  impact: PathImpact;
}

/**
 * Summarizes the cost of each fault for users, worst first: broken promises, then faults that could not be judged, then
 * by the longest outage and the lost requests. A promise has one row a phase. `experiments` has the recorded requests,
 * by the file that the report names; without them a row has the measurements only.
 */
export function userImpact(
  promises: readonly ReportPromise[],
  experiments: ReadonlyMap<string, Experiment>,
): FaultImpact[] {
  return promises.flatMap((promise) => rowsOf(promise, experiments)).toSorted(worstRowFirst);
}

/** Whether a promise injects a fault, as far as its declaration shows. */
export function declaresFault({ topic, disturbs }: Pick<ReportPromise, 'topic' | 'disturbs'>): boolean {
  return topic === 'resilience' || disturbs !== 'nothing';
}

function rowsOf(promise: ReportPromise, experiments: ReadonlyMap<string, Experiment>): FaultImpact[] {
  const { id, verdict, reason } = promise;
  if (verdict === 'skipped' || reason.startsWith(untried)) return [];
  const paths = [...picturedPaths(promise, experiments), ...measuredPaths(promise)];
  const rows = [...Map.groupBy(paths, ({ phase }) => phase).values()].map((group) => rowOf(promise, group));
  // A promise can break or end before its loads have measurements: its reason is a row then.
  if (verdict === 'pass' || rows.some((row) => row.verdict === verdict)) return rows;
  if (rows.length === 0 && !declaresFault(promise)) return [];
  return [
    ...rows,
    { promise: id, verdict, reason: firstLine(reason), paths: 0, judgedPaths: 0, worst: null },
  ];
}

function rowOf({ id, reason, judgements = [] }: ReportPromise, paths: Path[]): FaultImpact {
  const verdict =
    (['fail', 'error'] as const).find((one) => paths.some((path) => path.verdict === one)) ?? 'pass';
  const judged = paths.filter((path) => path.verdict !== 'error');
  const deciding = verdict === 'fail' ? judged.filter((path) => path.verdict === 'fail') : judged;
  const [worst] = deciding.map(({ impact }) => impact).toSorted(worstPathFirst);
  const { phase } = paths[0]!;
  const scopes = paths.filter((path) => path.verdict === verdict).map(({ impact }) => impact.scope);
  const decisive = verdict === 'fail' && worst ? [worst.scope] : scopes;
  const why = judgements.find((one) => one.verdict === verdict && decisive.includes(one.scope ?? ''))?.reason;
  return {
    promise: id,
    ...(phase === undefined ? {} : { phase }),
    verdict,
    ...(verdict !== 'pass' ? { reason: firstLine(why ?? reason) } : {}),
    paths: paths.length,
    judgedPaths: judged.length,
    worst: worst ?? null,
  };
}

/** The loads of a promise that have a picture. */
function picturedPaths(promise: ReportPromise, experiments: ReadonlyMap<string, Experiment>): Path[] {
  return (promise.experiments ?? []).map(({ scope, phase, numbers, file }) => ({
    phase,
    verdict: verdictOf(promise, scope),
    impact: impactOf(scope, numbers, experiments.get(file)),
  }));
}

/** The loads of a promise that have measurements only. */
function measuredPaths(promise: ReportPromise): Path[] {
  const pictured = new Set(promise.experiments?.map(({ scope }) => scope));
  const groups = [...Map.groupBy(promise.measurements, ({ scope = '' }) => scope)];
  return groups
    .filter(
      ([scope, numbers]) => !pictured.has(scope) && numbers.some(({ name }) => faultNames.includes(name)),
    )
    .map(([scope, numbers]) => ({
      phase: undefined,
      verdict: verdictOf(promise, scope),
      impact: impactOf(scope, numbers, undefined),
    }));
}

/** The verdict of a scope; that of the promise if the report does not have the judgements of the suite. */
function verdictOf({ verdict, judgements = [] }: ReportPromise, scope: string): FaultImpact['verdict'] {
  const own = judgements.filter((one) => (one.scope ?? '') === scope).map((one) => one.verdict);
  const whole = verdict === 'skipped' ? 'error' : verdict;
  return own.length === 0 ? whole : ((['fail', 'error'] as const).find((one) => own.includes(one)) ?? 'pass');
}

function impactOf(
  scope: string,
  numbers: readonly Measurement[],
  experiment: Experiment | undefined,
): PathImpact {
  const lost = mostOver(numbers.filter(({ name }) => lostNames.includes(name)));
  const outage = mostOver(numbers.filter(({ name }) => name === outageName));
  const requestsLost = lost?.value ?? (experiment && failureCount(experiment)) ?? null;
  const recovery = recoveryOf(numbers, experiment);
  const allowed = {
    ...(lost?.atMost === undefined ? {} : { requests: lost.atMost }),
    ...(outage?.atMost === undefined ? {} : { outageMs: outage.atMost }),
    ...(recovery.atMost === undefined ? {} : { recoveryMs: recovery.atMost }),
  };
  return {
    scope,
    requestsLost,
    requestsSent: experiment ? Math.max(requestsLost ?? 0, sentDuring(experiment)) : null,
    longestOutageMs: experiment ? longestOutage(experiment) : null,
    outageMs: outage?.value ?? null,
    recovered: recovery.recovered,
    ...recovery.took,
    allowed,
  };
}

/** The measurement that exceeds its bound, or else the largest: a judge may count the requests of a shorter window. */
function mostOver(numbers: readonly Measurement[]): Measurement | undefined {
  const excess = ({ value, atMost = Infinity }: Measurement) => Number(value > atMost);
  return numbers.toSorted((a, b) => excess(b) - excess(a) || b.value - a.value)[0];
}

function failureCount({ failures }: Experiment): number {
  return failures ? failures.first.length + failures.more : 0;
}

/** Requests sent from the begin of the fault on, or from the first failure if that is earlier. */
function sentDuring({ buckets, bands, failures }: Experiment): number {
  const begins = [faultBand(bands)?.fromMs ?? 0, failures?.first[0]?.startMs ?? Infinity];
  const fromSlot = Math.max(0, Math.floor(Math.min(...begins) / buckets.widthMs));
  return buckets.series.reduce(
    (sum, { counts }) => sum + counts.slice(fromSlot).reduce((all, count) => all + count, 0),
    0,
  );
}

function longestOutage({ bands }: Experiment): number {
  return Math.round(Math.max(0, ...outageBands(bands).map(({ fromMs, toMs }) => toMs - fromMs)));
}

interface Recovery {
  recovered: boolean;
  took: { afterFaultMs?: number; afterHealingMs?: number };
  atMost?: number | undefined;
}

/** A time with a bound decides. Then the recorded outages do, and then a time without a bound. */
function recoveryOf(numbers: readonly Measurement[], experiment: Experiment | undefined): Recovery {
  const [healing, fault, failover] = [recoveryAfterHealing, recoveryAfterFault, failoverName].map((name) =>
    mostOver(numbers.filter((one) => one.name === name)),
  );
  if (healing?.atMost !== undefined)
    return { recovered: true, took: { afterHealingMs: healing.value }, atMost: healing.atMost };
  if (failover) return { recovered: true, took: { afterFaultMs: failover.value }, atMost: failover.atMost };
  if (experiment) return recordedRecovery(experiment, fault !== undefined);
  if (healing) return { recovered: true, took: { afterHealingMs: healing.value } };
  return { recovered: true, took: fault ? { afterFaultMs: fault.value } : {} };
}

/** The end of the last outage, from the begin of the fault if it ended during the fault, else from the end of the fault. */
function recordedRecovery({ buckets, bands }: Experiment, isMeasured: boolean): Recovery {
  const last = outageBands(bands)
    .toSorted((a, b) => a.toMs - b.toMs)
    .at(-1);
  if (!last) return { recovered: true, took: {} };
  const lastSlotMs = Math.max(0, slotsOf(buckets) - 1) * buckets.widthMs;
  if (!isMeasured && last.toMs >= lastSlotMs) return { recovered: false, took: {} };
  const fault = faultBand(bands);
  if (!fault) return { recovered: true, took: {} };
  const since = (ms: number) => Math.max(0, Math.round(last.toMs - ms));
  const took =
    last.toMs <= fault.toMs ? { afterFaultMs: since(fault.fromMs) } : { afterHealingMs: since(fault.toMs) };
  return { recovered: true, took };
}

function faultBand(bands: Experiment['bands']) {
  return bands.find(({ kind }) => kind === 'fault');
}

function outageBands(bands: Experiment['bands']) {
  return bands.filter(({ kind }) => kind === 'outage');
}

const ranks = { fail: 0, error: 1, pass: 2 };

function worstRowFirst(a: FaultImpact, b: FaultImpact): number {
  const byPath = a.worst && b.worst ? worstPathFirst(a.worst, b.worst) : Number(!a.worst) - Number(!b.worst);
  return ranks[a.verdict] - ranks[b.verdict] || byPath || a.promise.localeCompare(b.promise);
}

function worstPathFirst(a: PathImpact, b: PathImpact): number {
  const outage = ({ longestOutageMs, outageMs }: PathImpact) => longestOutageMs ?? outageMs ?? 0;
  return (
    Number(a.recovered) - Number(b.recovered) ||
    outage(b) - outage(a) ||
    (b.requestsLost ?? 0) - (a.requestsLost ?? 0)
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
