import { duration, markdownText } from '../../report/plain-text.ts';
import { capitalized } from '../../report/topics.ts';
import {
  byFamily,
  codesOf,
  countsOf,
  istioctlInShort,
  outcomeWords,
  newInIstioctl,
  verdictWords,
  type Counts,
} from './counts.ts';
import type { Selftest, SelftestRow } from './schema.ts';

/** docs/selftest.md: the matrix of a self-test as Markdown. Pure. */
export function selftestDoc(selftest: Selftest): string {
  const { startedAt, finishedAt, command, machine, versions, healthy } = selftest;
  const counts = countsOf(selftest);
  const tookMs = Date.parse(finishedAt) - Date.parse(startedAt);
  const seenOn = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `# Self-test

The self-test puts each known defect into a healthy mesh, one at a time, and checks whether meshproof finds it.
\`npm run docs:selftest\` generates this file from the last complete run; do not edit it.

- Time: ${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC, ${duration(tookMs)}
- Command: \`${command}\`
- Versions: ${markdownText(seenOn.join(', '))}
- Machine: ${machine.cpus} CPUs, ${markdownText(machine.os)}, Node ${machine.node}

## Summary

${table(['measure', 'number'], numbers(counts, healthy.promises.length))}

**named**: the first cause of the doctor is the defect. **symptom**: the doctor reports a finding, but its first cause is not the
defect. **missed**: the doctor reports nothing above info. A line of istioctl counts if the same command does not print it for the healthy
mesh in ${healthy.istioctl?.[0]?.rounds ?? 0} runs. Names of pods, ages and times are ignored.
${byFamily(selftest.rows).map(familySection).join('')}${notes(selftest.rows)}`;
}

function numbers(
  { verdicts, silent, outcomes, looked, withOthers, istioctl }: Counts,
  listed: number,
): string[][] {
  const due = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  return [
    ['defects tried', String(Object.values(verdicts).reduce((sum, count) => sum + count, 0))],
    ['defects that the doctor names as the first cause', `${verdicts.named} of ${looked}`],
    ['silent defects that the doctor names as the first cause', `${silent.named} of ${silent.all}`],
    [
      'symptom, missed, not judged, skipped',
      [verdicts.symptom, verdicts.missed, verdicts.error, verdicts.skipped].join(', '),
    ],
    ['named with further causes', String(withOthers)],
    [
      `promises that have to break and do (${listed} promises were tried on the healthy mesh before)`,
      `${outcomes.broken} of ${due}`,
    ],
    ['defects for which istioctl prints new lines', `${istioctl.noticed} of ${istioctl.asked}`],
    ['defects for which istioctl prints only fewer lines', `${istioctl.onlyLess} of ${istioctl.asked}`],
    ...[...istioctl.byCommand].map(([command, count]) => [
      `istioctl ${command}`,
      `${count} of ${istioctl.asked}`,
    ]),
  ];
}

function familySection([family, rows]: [string, SelftestRow[]]): string {
  const heads = ['defect', 'traffic', 'doctor', 'promises', 'istioctl', 'seconds'];
  return `\n## ${capitalized(family)}\n\n${table(heads, rows.map(cells))}\n`;
}

function cells(row: SelftestRow): string[] {
  const promises = row.promises.map(({ id, outcome }) => `${id} ${outcomeWords[outcome]}`);
  return [
    `**${row.id}** ${markdownText(row.title)}`,
    row.silent ? 'silent' : 'breaks',
    `${verdictWords[row.verdict]}: ${codesOf(row).map(linked).join(', ') || '–'}`,
    promises.join(', ') || '–',
    istioctlInShort(row),
    row.seconds.all.toFixed(0),
  ];
}

const linked = (code: string): string => `[${code}](findings.md#${code.toLowerCase()})`;

/** The defects that are not named, the promises that are not broken, and the output of istioctl. */
function notes(rows: readonly SelftestRow[]): string {
  const unexpected = rows.flatMap(({ id, verdict, reason, promises }) => [
    ...(verdict === 'named' ? [] : [`- **${id}** ${verdictWords[verdict]}: ${markdownText(flat(reason))}`]),
    ...promises
      .filter(({ outcome }) => outcome !== 'broken')
      .map((one) => `- **${id}**, ${one.id} ${outcomeWords[one.outcome]}: ${markdownText(flat(one.reason))}`),
  ]);
  const output = rows.flatMap((row) =>
    (newInIstioctl(row) ?? []).map(({ command, cluster, says }) =>
      [`# ${row.id}: ${cluster}: istioctl ${command}`, ...says].join('\n'),
    ),
  );
  const results = unexpected.length > 0 ? `\n## Unexpected results\n\n${unexpected.join('\n')}\n` : '';
  const lines =
    output.length > 0 ? `\n## Output of istioctl\n\n\`\`\`\`text\n${output.join('\n\n')}\n\`\`\`\`\n` : '';
  return `${results}${lines}`;
}

const flat = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
