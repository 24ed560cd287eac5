import { duration } from '../../report/plain-text.ts';
import { capitalized } from '../../report/topics.ts';
import {
  byFamily,
  codesOf,
  countsOf,
  istioctlInShort,
  outcomeWords,
  saidByIstioctl,
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

The results of meshproof on a mesh with each known defect, one defect at a time. Generated from the last whole run; do not edit:
\`npm run docs:selftest\`.

- When: ${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC, ${duration(tookMs)}
- Command: \`${command}\`
- Versions: ${escaped(seenOn.join(', '))}
- Machine: ${machine.cpus} CPUs, ${escaped(machine.os)}, Node ${machine.node}

## In numbers

${table(['what', 'number'], numbers(counts, healthy.promises.length))}

**named**: the first cause of the doctor is the defect. **symptom**: the doctor reports another cause first.
**missed**: the doctor reports nothing above info. A line of istioctl is new if the same command did not print it in any of
${healthy.istioctl?.[0]?.rounds ?? 0} rounds on the healthy mesh; names of pods, ages and times do not count.
${byFamily(selftest.rows).map(familySection).join('')}${notes(selftest.rows)}`;
}

function numbers(
  { verdicts, silent, outcomes, looked, withOthers, istioctl }: Counts,
  listed: number,
): string[][] {
  const due = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  return [
    ['defects that were tried', String(Object.values(verdicts).reduce((sum, count) => sum + count, 0))],
    ['the doctor names the defect as the first cause', `${verdicts.named} of ${looked}`],
    ['the doctor names the silent defect as the first cause', `${silent.named} of ${silent.all}`],
    [
      'symptom, missed, not judged, skipped',
      [verdicts.symptom, verdicts.missed, verdicts.error, verdicts.skipped].join(', '),
    ],
    ['named, with other causes', String(withOthers)],
    [
      `promises that have to break, and do (of ${listed} promises, all tried on the healthy mesh first)`,
      `${outcomes.broken} of ${due}`,
    ],
    ['istioctl prints new lines', `${istioctl.noticed} of ${istioctl.asked}`],
    ['istioctl prints only fewer lines', `${istioctl.onlyLess} of ${istioctl.asked}`],
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
    `**${row.id}** ${escaped(row.title)}`,
    row.silent ? 'silent' : 'breaks',
    `${verdictWords[row.verdict]}: ${codesOf(row).map(linked).join(', ') || '–'}`,
    promises.join(', ') || '–',
    istioctlInShort(row),
    row.seconds.all.toFixed(0),
  ];
}

const linked = (code: string): string => `[${code}](findings.md#${code.toLowerCase()})`;

/** The failures, and the output of istioctl. */
function notes(rows: readonly SelftestRow[]): string {
  const failures = rows.flatMap(({ id, verdict, reason, promises }) => [
    ...(verdict === 'named' ? [] : [`- **${id}** ${verdictWords[verdict]}: ${escaped(flat(reason))}`]),
    ...promises
      .filter(({ outcome }) => outcome !== 'broken')
      .map((one) => `- **${id}**, ${one.id} ${outcomeWords[one.outcome]}: ${escaped(flat(one.reason))}`),
  ]);
  const said = rows.flatMap((row) =>
    (saidByIstioctl(row) ?? []).map(({ command, cluster, says }) =>
      [`# ${row.id}: ${cluster}: istioctl ${command}`, ...says].join('\n'),
    ),
  );
  const missed = failures.length > 0 ? `\n## Failures\n\n${failures.join('\n')}\n` : '';
  const words =
    said.length > 0 ? `\n## Output of istioctl\n\n\`\`\`\`text\n${said.join('\n\n')}\n\`\`\`\`\n` : '';
  return `${missed}${words}`;
}

const flat = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Markdown shows the characters as they are. */
const escaped = (text: string): string => text.replace(/[\\`*_[\]<>|]/g, '\\$&');
