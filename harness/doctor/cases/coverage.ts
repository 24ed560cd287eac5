import type { RecordedCase } from './case.ts';

const heading = '## Recorded cases\n';

/** The page docs/coverage.md with the table of the recorded cases renewed. The other tables are written by hand. */
export function withCases(page: string, cases: readonly RecordedCase[]): string {
  const start = page.indexOf(heading);
  const end = page.indexOf('\n## ', start + heading.length);
  if (start === -1 || end === -1)
    throw new Error(`docs/coverage.md: the section "${heading.trim()}" is absent.`);
  const rows = cases.map(
    ({ id, title, setup, expected }) =>
      `| ${id} | ${title}. ${setup.replaceAll('*', String.raw`\*`)} | ${expected === 'healthy' ? 'healthy' : expected.codes.join(' or ')} |`,
  );
  const table = ['| Case | Setup | Expected |', '| --- | --- | --- |', ...rows].join('\n');
  return `${page.slice(0, start)}${heading}\n${table}\n${page.slice(end)}`;
}
