import type { Selftest, SelftestCause, SelftestPromise, SelftestRow, TriedPromise } from './report/schema.ts';

type Judged = Pick<SelftestRow, 'verdict' | 'reason'>;

/** What is only worth knowing stands in the diagnosis of a healthy mesh, too. */
const isTrouble = ({ severity }: SelftestCause): boolean => severity !== 'info';

/** Where a finding has to be; what is absent may be anything. */
export interface Place {
  cluster?: string | undefined;
  peer?: string | undefined;
}

/** Whether a finding is one that a defect has to give: of one of its codes, and in its place. */
export const isOf = (
  { code, cluster, peer }: Place & { code: string },
  expected: readonly string[],
  place: Place,
): boolean =>
  expected.includes(code) &&
  (place.cluster === undefined || place.cluster === cluster) &&
  (place.peer === undefined || place.peer === peer);

/**
 * Whether the doctor names a defect. `named`: its first cause has one of the expected codes, and is in its place. `symptom`: it says
 * something above info, and its first cause is another. `missed`: it says nothing above info.
 *
 * @param causes of its diagnosis on the broken mesh, the gravest first.
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
  const beside = others.length > 0 ? ` Beside it: ${others.join(', ')}.` : '';
  if (isOf(first, expected, place)) return { verdict: 'named', reason: `${first.sentence}${beside}` };
  const [seen, wanted] = place.cluster === undefined ? ['', ''] : [first, place].map(placeWords);
  const rank = rankOf(troubles, expected, place);
  return {
    verdict: 'symptom',
    reason: `The first cause is ${first.code}${seen}, not ${expected.join(' or ')}${wanted}, ${rank}: ${first.sentence}${beside}`,
  };
}

const placeWords = ({ cluster = 'the mesh', peer }: Place): string =>
  ` of ${cluster}${peer === undefined ? '' : ` towards ${peer}`}`;

const codesOf = (causes: readonly SelftestCause[]): string[] => [...new Set(causes.map(({ code }) => code))];

function rankOf(causes: readonly SelftestCause[], expected: readonly string[], place: Place): string {
  const later = causes.findIndex((cause) => isOf(cause, expected, place));
  if (later >= 0) return `which is cause ${later + 1}`;
  const under = causes.find(({ explains }) => explains.some((code) => expected.includes(code)));
  return under ? `which stands under ${under.code}` : 'which is not said at all';
}

/**
 * What became of the promises that a defect has to break. A promise that did not hold on the healthy mesh tells nothing on a
 * broken one.
 *
 * @param healthy as tried before anything was broken.
 * @param seen as tried with the defect.
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
        reason: `On the healthy mesh: ${before ? `${before.verdict}: ${before.reason}` : 'no such promise was tried'}`,
      };
    const now = seen.find((one) => one.id === id);
    if (!now) return { id, outcome: 'notJudged', reason: 'It was not tried.' };
    return { id, outcome: outcomes[now.verdict], reason: now.reason };
  });
}

const outcomes = { pass: 'kept', fail: 'broken', error: 'notJudged', skipped: 'notJudged' } as const;

/** What is wrong with the harness, by rows: a defect that is not named, or a promise that holds in spite of it. */
function shortcomings(rows: readonly SelftestRow[]): string[] {
  return rows.flatMap(({ id, verdict, promises }) => [
    ...(verdict === 'symptom' ? [`${id} is seen only as a symptom`] : []),
    ...(verdict === 'missed' ? [`${id} is missed`] : []),
    ...promises.filter(({ outcome }) => outcome === 'kept').map((one) => `${one.id} holds in spite of ${id}`),
  ]);
}

/** What could not be judged, by rows. */
function gaps(rows: readonly SelftestRow[]): string[] {
  return rows.flatMap(({ id, verdict, reason, promises }) => [
    ...(verdict === 'error' ? [`${id}: ${reason}`] : []),
    ...promises
      .filter(({ outcome }) => outcome === 'notJudged' || outcome === 'uncounted')
      .map((one) => `${one.id} tells nothing of ${id}: ${one.reason.split('\n')[0]}`),
  ]);
}

/**
 * The verdict on a self-test: `error` when it ended early; else `fail` when a defect is not named or a promise holds that it has to
 * break; else `error` when anything could not be judged, or nothing was; else `pass`.
 *
 * @param ended why not every chosen defect was tried; undefined where each was.
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
