import { experimentLines, explanationLine, firstTryLine } from './experiment-line.ts';
import type { Report, ReportPromise } from './schema.ts';

/**
 * The run as JUnit XML, with one test case for each promise. The JUnit reporter of Playwright would show a promise without a
 * judgement, and a run that crashed before its first test, as passed.
 */
export function junitXml(report: Report): string {
  const topics = Map.groupBy(report.promises, (one) => one.topic);
  const suites = [...topics].map(([topic, promises]) => suite(topic, promises, report.startedAt));
  // A consumer shows a file without a failing case as a success.
  if (report.verdict === 'error' && !report.promises.some((one) => one.verdict === 'error'))
    suites.push(`<testsuite name="meshproof" tests="1" errors="1" failures="0" skipped="0">
<testcase classname="meshproof" name="the run" time="0"><error message="${escape(report.reason)}"/></testcase>
</testsuite>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${escape(report.run)}" time="${seconds(report.harness.durationMs)}">
${suites.join('\n')}
</testsuites>
`;
}

function suite(topic: string, promises: ReportPromise[], startedAt: string): string {
  const count = (verdict: ReportPromise['verdict']) =>
    promises.filter((one) => one.verdict === verdict).length;
  const time = seconds(promises.reduce((sum, one) => sum + one.durationMs, 0));
  const counts = `tests="${promises.length}" failures="${count('fail')}" errors="${count('error')}" skipped="${count('skipped')}"`;
  return `<testsuite name="${escape(topic)}" ${counts} time="${time}" timestamp="${escape(startedAt)}">
${promises.map(testcase).join('\n')}
</testsuite>`;
}

function testcase(promise: ReportPromise): string {
  const { suite, id, title, durationMs, verdict, reason } = promise;
  const element = { pass: '', fail: 'failure', error: 'error', skipped: 'skipped' }[verdict];
  const [first = ''] = reason.split('\n');
  const explained = explanationLine(promise);
  const text = explained === undefined ? reason : `${reason}\n${explained}`;
  const inside = element && `<${element} message="${escape(first)}">${escape(text)}</${element}>`;
  const lines = [firstTryLine(promise) ?? [], experimentLines(promise)].flat();
  const output = lines.length > 0 ? `<system-out>${escape(lines.join('\n'))}</system-out>` : '';
  const name = escape(`${id} ${title}`);
  return `<testcase classname="${escape(suite)}" name="${name}" time="${seconds(durationMs)}">${inside}${output}</testcase>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** Removes the characters that XML 1.0 forbids: https://www.w3.org/TR/xml/#charsets */
function escape(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}
