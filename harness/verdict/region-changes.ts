import type { RequestRecord, Timeline } from '../traffic/timeline.ts';
import { cannotJudge, fail, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { faultWindow, requestsIn } from './window.ts';
import { count, ms, tally } from './wording.ts';

/** The moment at which a region began to answer. */
export interface RegionChange {
  region: string;
  /** When the first of the answers in a row arrived. */
  atMs: number;
}

/**
 * The regions that answered, in order of time; the first entry is the region at the beginning. A region takes over with
 * `inARow` answers in a row. While traffic moves, answers of two regions mix, and that counts as one change: a proxy's threads
 * learn of endpoints at different moments, and while only some local pods are ready, a part of the traffic spills over
 * (`expectedLocalShare`). Use an `inARow` that such a mixture does not reach by chance, see `streakToProveRegion`. Failures
 * and answers without an origin are ignored.
 */
export function regionChanges(requests: readonly RequestRecord[], inARow: number): RegionChange[] {
  const changes: RegionChange[] = [];
  let streak: RegionChange & { length: number } = { region: '', atMs: 0, length: 0 };
  for (const { outcome, origin, endMs } of requests) {
    if (outcome !== 'ok' || origin === undefined) continue;
    const { region } = origin;
    streak =
      region === streak.region
        ? { ...streak, length: streak.length + 1 }
        : { region, atMs: endMs, length: 1 };
    if (streak.length === inARow && region !== changes.at(-1)?.region)
      changes.push({ region, atMs: streak.atMs });
  }
  return changes;
}

/**
 * Judges whether traffic returns to its region exactly once. From `healing` on, when local pods were requested, it changes
 * its region at most once, to `local`. Then every answer is local for `quietMs`. The quiet time begins when traffic has settled
 * and every proxy must know all local pods: until then a part of the traffic may still spill over. Cannot judge if the
 * recording ends earlier.
 */
export function judgeSettles(options: {
  timeline: Timeline;
  /** The label of the event after which local pods may answer again. */
  healing: string;
  /** The label of the event at which all local pods are ready. */
  healed: string;
  /** The most time from then until every proxy knows them; see `pushBound`. */
  knownMs: number;
  local: string;
  /** See `quietTime`. */
  quietMs: number;
  /** See {@link regionChanges}. */
  inARow: number;
  scope?: string;
}): Judgement {
  const { timeline, healing, healed, knownMs, local, quietMs, inARow, scope } = options;
  const window = faultWindow(timeline, { injected: healing, healed });
  if (window.problem !== undefined) return cannotJudge(window.problem);
  const requests = requestsIn(timeline, { fromMs: window.injectedMs });
  const all = regionChanges(requests, inARow);
  const changes = all.slice(1);
  const route = all.map(({ region }) => region).join(' → ');
  const counted = measured('changes of region after healing', changes.length, '', { atMost: 1, scope });
  const [back] = all.filter(({ region }) => region === local);
  if (changes.length > 1)
    return fail(
      `traffic changed its region ${changes.length} times: ${route}; at most 1 change is expected`,
      [counted],
    );
  if (back === undefined)
    return cannotJudge(
      `the recording does not show a return of traffic to ${local}; regions seen: ${route || 'none'}`,
      [counted],
    );

  const settledMs = Math.max(settledFrom(requests, back.atMs, inARow), window.healedMs + knownMs);
  const after = requests.filter(({ startMs }) => startMs > settledMs);
  const elsewhere = after.filter(({ origin }) => origin !== undefined && origin.region !== local);
  const watchedMs = Math.max(0, (requests.at(-1)?.startMs ?? settledMs) - settledMs);
  const measurements = [
    counted,
    measured('answers elsewhere after the return', elsewhere.length, 'requests', { atMost: 0, scope }),
    measured('watched after the return', Math.round(watchedMs), 'ms', { atLeast: quietMs, scope }),
  ];
  if (elsewhere.length === 0 && watchedMs < quietMs)
    return cannotJudge(
      `the recording ends ${ms(watchedMs)} after the return, ${ms(quietMs)} are needed`,
      measurements,
    );
  const where = tally(elsewhere.map(({ origin }) => [origin?.region ?? '', 1] as const));
  const complaints =
    elsewhere.length > 0
      ? [`${count(elsewhere.length, 'request')} left ${local} again after the return: ${where}`]
      : [];
  return unless(
    complaints,
    `traffic changed its region: ${route}, and stayed in ${local} for ${ms(watchedMs)}`,
    measurements,
  );
}

/** When a return that began at `atMs` was complete: the start of the last of the `inARow` answers that show it. */
function settledFrom(requests: readonly RequestRecord[], atMs: number, inARow: number): number {
  const shown = requests.filter(({ endMs, outcome }) => endMs >= atMs && outcome === 'ok').slice(0, inARow);
  return Math.max(...shown.map(({ startMs }) => startMs));
}
