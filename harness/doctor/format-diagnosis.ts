import type { Cause, Diagnosis, Evidence, Finding } from './finding.ts';

/** Colours a text; the default leaves it as it is. */
export type Paint = (style: 'red' | 'yellow' | 'cyan' | 'dim' | 'bold' | 'green', text: string) => string;

const plain: Paint = (_, text) => text;
const colours = { error: 'red', warning: 'yellow', info: 'cyan' } as const;

/**
 * The lines of a diagnosis for a terminal: causes with their evidence, remedy and number of symptoms, then the parts that could not be
 * judged. `verbose` also lists symptoms, all unknown parts, and the evidence of infos.
 */
export function formatDiagnosis(
  diagnosis: Diagnosis,
  options: { verbose?: boolean; paint?: Paint } = {},
): string[] {
  const { verbose = false, paint = plain } = options;
  const { causes, unknown, elided } = diagnosis;
  return [
    ...causes.flatMap((cause) => causeLines(cause, verbose, paint)),
    ...elided.map(({ code, more }) =>
      paint('dim', `${code}: ${more} more findings with this code are not shown`),
    ),
    ...unknownLines(unknown, verbose, paint),
    summaryOf(diagnosis, paint),
  ];
}

function causeLines({ finding, symptoms }: Cause, verbose: boolean, paint: Paint): string[] {
  const { code, severity, evidence, cause, remedy, anchor } = finding;
  const head = `${paint(colours[severity], severity.padEnd(7))} ${paint('bold', code)} ${placeOf(finding)}`;
  if (severity === 'info' && !verbose) return [`${head}: ${cause}`];
  return [
    head,
    `  ${paint('bold', cause)}`,
    ...evidence.map((one) => `  ${paint('dim', '·')} ${evidenceOf(one)}`),
    ...remedy.split('\n').map((line) => `  ${paint('green', '$')} ${line}`),
    ...symptomLines(symptoms, verbose, paint),
    `  ${paint('dim', anchor)}`,
    '',
  ];
}

function symptomLines(symptoms: readonly Finding[], verbose: boolean, paint: Paint): string[] {
  if (symptoms.length === 0) return [];
  if (verbose)
    return [
      '  explains:',
      ...symptoms.map((one) => paint('dim', `    ${one.code} ${placeOf(one)}: ${one.cause}`)),
    ];
  const byCode = Map.groupBy(symptoms, ({ code }) => code);
  const codes = [...byCode].map(([code, all]) => (all.length > 1 ? `${code} ×${all.length}` : code));
  return [
    paint(
      'dim',
      `  explains ${symptoms.length} other finding${symptoms.length > 1 ? 's' : ''}: ${codes.join(', ')}`,
    ),
  ];
}

const placeOf = ({ cluster, peer, object }: Finding): string =>
  [cluster === undefined ? 'the mesh' : peer === undefined ? cluster : `${cluster} → ${peer}`, object]
    .filter((one) => one !== undefined)
    .join(', ');

function evidenceOf({ what, seen, expected }: Evidence): string {
  return `${what}: ${seen}${expected === undefined ? '' : `, expected ${expected}`}`;
}

function unknownLines(unknown: Diagnosis['unknown'], verbose: boolean, paint: Paint): string[] {
  if (unknown.length === 0) return [];
  const shown = verbose ? unknown : unknown.slice(0, 5);
  return [
    'Could not be judged in full:',
    ...shown.map(
      ({ cluster, what, why, right, checks }) =>
        `  ${cluster}: ${what} (${why}); ${right === undefined ? '' : `needs the right to ${right}; `}${checks.length} checks`,
    ),
    ...(shown.length < unknown.length
      ? [paint('dim', `  and ${unknown.length - shown.length} more; --verbose shows them`)]
      : []),
  ];
}

function summaryOf({ clusters, checks, counts, causes, unknown }: Diagnosis, paint: Paint): string {
  const where = `${checks} checks of ${clusters.join(', ')}`;
  const gaps =
    unknown.length > 0
      ? `, but ${unknown.length} part${unknown.length === 1 ? '' : 's'} could not be judged`
      : '';
  if (causes.length === 0) return paint(gaps ? 'yellow' : 'green', `No findings${gaps}: ${where}.`);
  const count = (number: number, word: string) =>
    `${number} ${word}${number === 1 || word === 'info' ? '' : 's'}`;
  const words = [count(counts.error, 'error'), count(counts.warning, 'warning'), count(counts.info, 'info')];
  return `${words.join(', ')}${gaps}; ${where}.`;
}
