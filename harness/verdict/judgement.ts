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

/** A judgement that this machine was too busy to run the mesh or its load. */
export function machineTooBusy(reason: string, measurements: Measurement[] = []): Judgement {
  return { ...cannotJudge(reason, measurements), machineBusy: true };
}

/** Fails with the complaints if there are any, and otherwise passes with the reason. */
export function unless(
  complaints: readonly string[],
  reason: string,
  measurements: Measurement[],
): Judgement {
  return complaints.length > 0 ? fail(complaints.join('; '), measurements) : pass(reason, measurements);
}

/**
 * Joins judgements of the same promise, such as one for each direction. One `fail` makes the whole `fail`: an `error`
 * elsewhere does not repair a broken promise. Otherwise one `error` makes the whole `error`. The reason is that of the
 * deciding judgements. An empty list is an `error`.
 */
export function every(judgements: readonly Judgement[]): Judgement {
  const measurements = judgements.flatMap((judgement) => judgement.measurements);
  for (const verdict of ['fail', 'error', 'pass'] as const) {
    const deciding = judgements.filter((judgement) => judgement.verdict === verdict);
    if (deciding.length === 0) continue;
    return {
      verdict,
      reason: deciding.map(({ reason }) => reason).join('. '),
      measurements,
      ...(deciding.every(({ machineBusy }) => machineBusy) ? { machineBusy: true } : {}),
    };
  }
  return cannotJudge('there was nothing to judge');
}

/**
 * Judgements of the conditions that a promise needs before it can be judged, by scope. A `fail` becomes an `error`: without
 * its baseline a promise cannot be judged.
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
