import { duration, quantity } from './plain-text.ts';
import type { Cause, ReportExperiment, ReportPromise } from './schema.ts';

type Measurement = ReportExperiment['numbers'][number];

/** The first try of a promise that was tried twice; undefined if it was tried once. */
export const firstTryLine = ({ firstTry }: Pick<ReportPromise, 'firstTry'>): string | undefined =>
  firstTry &&
  `Second try. The first try, ${duration(firstTry.durationMs)}, was not judged: ${firstTry.reason.split('\n', 1)[0]}`;

/** The sentence for a broken promise whose cause the doctor did not find. */
export const doctorSilentLine =
  'The doctor did not find a cause. That is a gap in the doctor: please report it with the archive of `meshproof gather`.';

/** `west→east, keep-alive: detection 41 ms (at most 1,000), relapses 1 (at most 0: outside)`: an experiment in one line. */
function experimentLine({ scope, numbers }: Pick<ReportExperiment, 'scope' | 'numbers'>): string {
  return `${oneLine(scope)}: ${numbers.map(numberText).join(', ') || 'no numbers'}`;
}

function numberText(one: Measurement): string {
  const { name, value, unit, atLeast, atMost } = one;
  const outside = value < (atLeast ?? -Infinity) || value > (atMost ?? Infinity);
  const bounds = [
    ...(atLeast === undefined ? [] : [`at least ${quantity(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${quantity(atMost)}`]),
  ].join(', ');
  const range = bounds && ` (${bounds}${outside ? ': outside' : ''})`;
  const suffix = unit === '' || name.split(' ').includes(unit) ? '' : ` ${unit}`;
  return `${oneLine(name)} ${quantity(value)}${suffix}${range}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** The experiments of a promise as text: a line for each, and the reasons why others are missing. */
export function experimentLines({
  experiments = [],
  missingExperiments = [],
}: {
  experiments?: ReportExperiment[] | undefined;
  missingExperiments?: string[] | undefined;
}): string[] {
  return [...experiments.map(experimentLine), ...missingExperiments.map(oneLine)];
}

/** The cause of a promise that is not kept, or that the doctor did not find one, in one line; undefined without either. */
export const explanationLine = ({
  cause,
  doctorSilent,
}: Pick<ReportPromise, 'cause' | 'doctorSilent'>): string | undefined =>
  cause ? causeLine(cause) : doctorSilent ? doctorSilentLine : undefined;

/** `MP4003 in west: … Remedy: …`: the first cause of the doctor in one line. */
function causeLine({ code, cluster, sentence, remedy }: Cause): string {
  const where = cluster === undefined ? '' : ` in ${cluster}`;
  return oneLine(`Likely cause (${code}${where}): ${sentence} Remedy: ${remedy}`);
}
