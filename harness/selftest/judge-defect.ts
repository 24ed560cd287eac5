import type { Selftest, SelftestCause, SelftestPromise, SelftestRow, TriedPromise } from './report/schema.ts';

type Judged = Pick<SelftestRow, 'verdict' | 'reason'>;

/** A healthy mesh can have findings of severity info. */
const isTrouble = ({ severity }: SelftestCause): boolean => severity !== 'info';

/** The clusters that a finding has to name; an absent field matches any cluster. */
export interface Place {
  cluster?: string | undefined;
  peer?: string | undefined;
}

/** Whether a finding has one of the expected codes and names the expected clusters. */
export const isOf = (
  { code, cluster, peer }: Place & { code: string },
  expected: readonly string[],
  place: Place,
): boolean =>
  expected.includes(code) &&
  (place.cluster === undefined || place.cluster === cluster) &&
  (place.peer === undefined || place.peer === peer);

/**
 * Whether the doctor names a defect. `named`: the first cause above info has an expected code and names the expected clusters. `symptom`:
 * the first cause above info is another one. `missed`: the doctor reports nothing above info.
 *
 * @param causes of the diagnosis of the broken mesh, the most severe first.
 */
export function judgeDoctor(
  expected: readonly string[],
  causes: readonly SelftestCause[],
  place: Place = {},
): Judged {
  const troubles = causes.filter(isTrouble);
  const [first, ...rest] = troubles;
  if (!first) return { verdict: 'missed', reason: `Nothing above info; expected ${expected.join(' or ')}.` };
  const others = codesOf(rest);
  const also = others.length > 0 ? ` Other causes: ${others.join(', ')}.` : '';
  if (isOf(first, expected, place)) return { verdict: 'named', reason: `${first.sentence}${also}` };
  const [seen, wanted] = place.cluster === undefined ? ['', ''] : [first, place].map(placeWords);
  const rank = rankOf(troubles, expected, place);
  return {
    verdict: 'symptom',
    reason: `The first cause is ${first.code}${seen}, not ${expected.join(' or ')}${wanted}, ${rank}: ${first.sentence}${also}`,
  };
}

const placeWords = ({ cluster = 'the mesh', peer }: Place): string =>
  ` of ${cluster}${peer === undefined ? '' : ` towards ${peer}`}`;

const codesOf = (causes: readonly SelftestCause[]): string[] => [...new Set(causes.map(({ code }) => code))];

function rankOf(causes: readonly SelftestCause[], expected: readonly string[], place: Place): string {
  const later = causes.findIndex((cause) => isOf(cause, expected, place));
  if (later >= 0) return `which is cause ${later + 1}`;
  const under = causes.find(({ explains }) => explains.some((code) => expected.includes(code)));
  return under ? `which ${under.code} explains` : 'which is not reported';
}

/**
 * The outcomes of the promises that a defect has to break. A promise that did not pass on the healthy mesh does not count.
 *
 * @param healthy verdicts before the first defect.
 * @param seen verdicts with the defect.
 */
export function judgePromises(
  ids: readonly string[],
  healthy: readonly TriedPromise[],
  seen: readonly TriedPromise[],
): SelftestPromise[] {
  return ids.map((id) => {
    const before = healthy.find((one) => one.id === id);
    if (before?.verdict !== 'pass')
      return {
        id,
        outcome: 'uncounted',
        reason: `On the healthy mesh: ${before ? `${before.verdict}: ${before.reason}` : 'the promise was not tried'}`,
      };
    const now = seen.find((one) => one.id === id);
    if (!now) return { id, outcome: 'notJudged', reason: 'The promise was not tried.' };
    return { id, outcome: outcomes[now.verdict], reason: now.reason };
  });
}

const outcomes = { pass: 'kept', fail: 'broken', error: 'notJudged', skipped: 'notJudged' } as const;

/** The failures of the harness: defects that are not named, and promises that pass with a defect. */
function shortcomings(rows: readonly SelftestRow[]): string[] {
  return rows.flatMap(({ id, verdict, promises }) => [
    ...(verdict === 'symptom' ? [`${id} is reported only as a symptom`] : []),
    ...(verdict === 'missed' ? [`${id} is missed`] : []),
    ...promises.filter(({ outcome }) => outcome === 'kept').map((one) => `${one.id} passes with ${id}`),
  ]);
}

/** The defects and promises that were not judged. */
function gaps(rows: readonly SelftestRow[]): string[] {
  return rows.flatMap(({ id, verdict, reason, promises }) => [
    ...(verdict === 'error' ? [`${id}: ${reason}`] : []),
    ...promises
      .filter(({ outcome }) => outcome === 'notJudged' || outcome === 'uncounted')
      .map((one) => `${one.id} was not judged with ${id}: ${one.reason.split('\n')[0]}`),
  ]);
}

/**
 * The verdict of a self-test. `error` if it ended early; else `fail` if a defect is not named, or a promise passes that has to break; else
 * `error` if anything was not judged, or nothing was; else `pass`.
 *
 * @param ended the reason that not every chosen defect was tried.
 */
export function judgeSelftest(
  rows: readonly SelftestRow[],
  ended?: string,
): Pick<Selftest, 'verdict' | 'reason'> {
  const [wrong, open] = [shortcomings(rows), gaps(rows)];
  const named = rows.filter(({ verdict }) => verdict === 'named').length;
  const broken = rows
    .flatMap(({ promises }) => promises)
    .filter(({ outcome }) => outcome === 'broken').length;
  const count = `${named} of ${rows.length} defects named as the first cause, ${broken} promises broken.`;
  const reason = [ended, count, ...[...wrong, ...open].map(asSentence)].filter((one) => one !== undefined);
  const judged = { reason: reason.join('\n') };
  if (ended !== undefined) return { verdict: 'error', ...judged };
  if (wrong.length > 0) return { verdict: 'fail', ...judged };
  return { verdict: open.length > 0 || named === 0 ? 'error' : 'pass', ...judged };
}

const asSentence = (words: string): string => (/[.!?]$/.test(words) ? words : `${words}.`);
