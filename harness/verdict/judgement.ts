import type { Judgement, Measurement } from './verdict.ts';

/** A judgement that the promise was kept. */
export function pass(reason: string, measurements: Measurement[] = []): Judgement {
  return { verdict: 'pass', reason, measurements };
}

/** A judgement that the promise was broken. */
export function fail(reason: string, measurements: Measurement[] = []): Judgement {
  return { verdict: 'fail', reason, measurements };
}

/** A judgement that the evidence is not enough to judge. */
export function cannotJudge(reason: string, measurements: Measurement[] = []): Judgement {
  return { verdict: 'error', reason, measurements };
}

/** Fails with the complaints where there are any, and passes with the reason otherwise. */
export function unless(
  complaints: readonly string[],
  reason: string,
  measurements: Measurement[],
): Judgement {
  return complaints.length > 0 ? fail(complaints.join('; '), measurements) : pass(reason, measurements);
}

/**
 * Joins judgements of the same promise, such as one per direction. One `fail` makes the whole `fail`, because a
 * broken promise stays broken whatever else could not be judged; otherwise one `error` makes it `error`. The reason
 * is that of the judgements that decided. No judgements are an `error`.
 */
export function every(judgements: readonly Judgement[]): Judgement {
  const measurements = judgements.flatMap((judgement) => judgement.measurements);
  for (const verdict of ['fail', 'error', 'pass'] as const) {
    const deciding = judgements.filter((judgement) => judgement.verdict === verdict);
    if (deciding.length === 0) continue;
    return { verdict, reason: deciding.map(({ reason }) => reason).join('. '), measurements };
  }
  return cannotJudge('there was nothing to judge');
}

/**
 * Judgements of what has to hold before a promise can be tried, by scope: where one does not hold there is nothing to judge by, which
 * says nothing against the mesh.
 */
export function asBaseline(judgements: Readonly<Record<string, Judgement>>): Record<string, Judgement> {
  return mapValues(judgements, (one) =>
    one.verdict === 'fail' ? cannotJudge(`no baseline: ${one.reason}`, one.measurements) : one,
  );
}

const mapValues = <T, U>(all: Readonly<Record<string, T>>, to: (one: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(all).map(([key, one]) => [key, to(one)]));

/** A measurement without the optional fields that are undefined; `exactOptionalPropertyTypes` forbids them. */
export function measured(
  name: string,
  value: number,
  unit: string,
  options: { atLeast?: number | undefined; atMost?: number | undefined; scope?: string | undefined } = {},
): Measurement {
  const measurement: Measurement = { name, value, unit };
  if (options.atLeast !== undefined) measurement.atLeast = options.atLeast;
  if (options.atMost !== undefined) measurement.atMost = options.atMost;
  if (options.scope !== undefined) measurement.scope = options.scope;
  return measurement;
}
