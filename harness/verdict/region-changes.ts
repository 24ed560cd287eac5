import type { RequestRecord, Timeline } from '../traffic/timeline.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { faultWindow, requestsIn } from './window.ts';
import { count, ms, tally } from './wording.ts';

/** A moment from which on a region answered. */
export interface RegionChange {
  region: string;
  /** When the first of the answers in a row that show it arrived. */
  atMs: number;
}

/**
 * Which region answered from when on, in order; the first entry is where it began. A region has taken over with `inARow` answers
 * in a row. Answers of two regions mix while traffic moves, and that is one change and not many: a proxy's threads learn of endpoints
 * a moment apart, and while only some local pods are ready a part of the traffic spills over (`expectedLocalShare`). Give an
 * `inARow` that such a mixture does not reach by chance. Failures and answers without an origin are passed over.
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
 * Judges whether traffic that returns to its region does so once: from `healing` on (local pods were asked for) it changes
 * region at most once, to `local`; and for `quietMs` after that every answer is local. That time begins when traffic has settled and every
 * proxy has to know all local pods: until then a part of it may still be spilt, as it should be. Cannot judge where the recording ends sooner.
 */
export function judgeSettles(options: {
  timeline: Timeline;
  /** The label of the event from which on local pods may answer again. */
  healing: string;
  /** The label of the event at which all local pods are ready. */
  healed: string;
  /** The most time from then until every proxy knows them; see `pushBound`. */
  knownMs: number;
  local: string;
  /** See `quietTime`. */
  quietMs: number;
  /** See {@link regionChanges} and `tellingStreak`. */
  inARow: number;
  scope?: string;
}): Judgement {
  const { timeline, healing, healed, knownMs, local, quietMs, inARow, scope } = options;
  const window = faultWindow(timeline, { injected: healing, healed });
  if (window.problem !== undefined) return cannotJudge(window.problem);
  const requests = requestsIn(timeline, { fromMs: window.injectedMs });
  const all = regionChanges(requests, inARow);
  const changes = all.slice(1);
  const way = all.map(({ region }) => region).join(' → ');
  const counted = measured('changes of region after healing', changes.length, '', { atMost: 1, scope });
  const [back] = all.filter(({ region }) => region === local);
  if (changes.length > 1)
    return unless([`traffic changed its region ${changes.length} times: ${way}; once is a return`], '', [
      counted,
    ]);
  if (back === undefined)
    return cannotJudge(`traffic was not seen to return to ${local}, it went ${way || 'nowhere'}`, [counted]);

  const settledMs = Math.max(settledFrom(requests, back.atMs, inARow), window.healedMs + knownMs);
  const after = requests.filter(({ startMs }) => startMs > settledMs);
  const astray = after.filter(({ origin }) => origin !== undefined && origin.region !== local);
  const watchedMs = Math.max(0, (requests.at(-1)?.startMs ?? settledMs) - settledMs);
  const measurements = [
    counted,
    measured('answers elsewhere after the return', astray.length, 'requests', { atMost: 0, scope }),
    measured('watched after the return', Math.round(watchedMs), 'ms', { atLeast: quietMs, scope }),
  ];
  if (astray.length === 0 && watchedMs < quietMs)
    return cannotJudge(
      `the recording ends ${ms(watchedMs)} after the return, ${ms(quietMs)} are needed`,
      measurements,
    );
  const where = tally(astray.map(({ origin }) => [origin?.region ?? '', 1] as const));
  const complaints =
    astray.length > 0
      ? [`${count(astray.length, 'request')} left ${local} again after the return: ${where}`]
      : [];
  return unless(complaints, `traffic went ${way}, and for ${ms(watchedMs)} none left ${local}`, measurements);
}

/** When a return that began at a moment was done: the start of the last of the `inARow` answers that show it. */
function settledFrom(requests: readonly RequestRecord[], atMs: number, inARow: number): number {
  const shown = requests.filter(({ endMs, outcome }) => endMs >= atMs && outcome === 'ok').slice(0, inARow);
  return Math.max(...shown.map(({ startMs }) => startMs));
}
