import { styleText } from 'node:util';
import { byFamily, codesOf, countsOf, istioctlInShort, outcomeWords, verdictWords } from './counts.ts';
import type { Selftest, SelftestRow } from './schema.ts';

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

const looks: Readonly<Record<SelftestRow['verdict'], { sign: string; style: Style }>> = {
  named: { sign: '✔', style: 'green' },
  symptom: { sign: '✘', style: 'red' },
  missed: { sign: '✘', style: 'red' },
  error: { sign: '?', style: 'yellow' },
  skipped: { sign: '–', style: 'gray' },
};

/** `✔ named MP2101 remote-secret-missing (34.2 s: break 2.1, doctor 2.9, …)`. */
export function progressLine(row: SelftestRow, paint: Paint): string {
  const { sign, style } = looks[row.verdict];
  const { all, breaking, doctor, istioctl, promises, healing, healthy } = row.seconds;
  const parts = Object.entries({ break: breaking, doctor, istioctl, promises, heal: healing, healthy });
  const times = parts.map(([name, seconds]) => `${name} ${seconds.toFixed(1)}`).join(', ');
  const head = `${paint(style, `${sign} ${verdictWords[row.verdict]}`)} ${row.id}: ${codesOf(row).join(', ') || 'without a cause'}`;
  const kept = row.promises.filter(({ outcome }) => outcome !== 'broken');
  const unexpected = [
    ...(row.verdict === 'named' ? [] : [row.reason]),
    ...kept.map(({ id, outcome, reason }) => `${id} ${outcomeWords[outcome]}: ${reason.split('\n')[0]}`),
  ];
  return [`${head} (${all.toFixed(1)} s: ${times})`, ...unexpected.map((line) => `    ${line}`)].join('\n');
}

/** The matrix for a terminal, with the counts below it. */
export function matrixLines(selftest: Selftest, paint: Paint): string[] {
  const rows = byFamily(selftest.rows).flatMap(([family, own]) => [
    { family },
    ...own.map((row) => ({ row, cells: cellsOf(row) })),
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...rows.map((one) => ('cells' in one ? (one.cells[column]?.length ?? 0) : 0))),
  );
  const lines = rows.map((one) => {
    if ('family' in one) return paint('bold', one.family);
    const padded = one.cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    const { sign, style } = looks[one.row.verdict];
    return `  ${paint(style, sign)} ${padded.join('  ')}`.trimEnd();
  });
  return [...lines, '', ...numbers(selftest)];
}

function cellsOf(row: SelftestRow): string[] {
  const promises = row.promises.map(({ id, outcome }) => `${id} ${outcomeWords[outcome]}`);
  return [
    row.id,
    row.silent ? 'silent' : '',
    `${verdictWords[row.verdict]} ${codesOf(row).join(' ')}`,
    promises.join(', '),
    `istioctl: ${istioctlInShort(row)}`,
    `${row.seconds.all.toFixed(1)} s`,
  ];
}

function numbers(selftest: Selftest): string[] {
  const { verdicts, silent, outcomes, withOthers, istioctl } = countsOf(selftest);
  const { rows } = selftest;
  const due = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  return [
    `The doctor names ${verdicts.named} of ${rows.length} defects (${silent.named} of ${silent.all} silent defects; ${withOthers} with further causes). Symptom only: ${verdicts.symptom}. Missed: ${verdicts.missed}. Not judged: ${verdicts.error}. Skipped: ${verdicts.skipped}.`,
    `Promises that have to break: ${outcomes.broken} of ${due} broken, ${outcomes.kept} kept, ${outcomes.notJudged} not judged, ${outcomes.uncounted} do not count.`,
    istioctl.asked > 0
      ? `istioctl prints new lines for ${istioctl.noticed} of ${istioctl.asked} defects, only fewer lines for ${istioctl.onlyLess}: ${[...istioctl.byCommand].map(([command, count]) => `${command} ${count}`).join(', ')}.`
      : 'istioctl did not run.',
  ];
}
