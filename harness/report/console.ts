import { styleText } from 'node:util';
import { experimentLines, explanationLine, firstTryLine } from './experiment-line.ts';
import { duration } from './plain-text.ts';
import type { Report, ReportPromise } from './schema.ts';
import { impactLine } from './user-impact-text.ts';

type Color = Parameters<typeof styleText>[0];
type Verdict = ReportPromise['verdict'];

const marks: Record<Verdict, { sign: string; color: Color }> = {
  pass: { sign: '✓', color: 'green' },
  fail: { sign: '✗', color: 'red' },
  error: { sign: '?', color: 'yellow' },
  skipped: { sign: '–', color: 'gray' },
};

/** More faults than this would push the verdicts out of sight. */
const mostImpacts = 3;

/** The lines that a run prints, coloured if `colors` is true. */
export class ConsoleLines {
  readonly #paint: (color: Color, text: string) => string;

  constructor(colors: boolean) {
    this.#paint = (color, text) => (colors ? styleText(color, text, { validateStream: false }) : text);
  }

  /** `✓ LOC-02 All local pods gone … (12.3 s)`; below it the experiments and, if the promise is not kept, its reason and cause. */
  promise(promise: ReportPromise): string {
    const { sign, color } = marks[promise.verdict];
    const took = this.#paint('gray', `(${duration(promise.durationMs)})`);
    const line = `${this.#paint(color, sign)} ${promise.id} ${promise.title} ${took}`;
    const reason = promise.verdict === 'pass' ? [] : [this.#paint(color, indent(promise.reason))];
    const explanation = explanationLine(promise);
    const cause = explanation === undefined ? [] : [indent(explanation)];
    const first = firstTryLine(promise);
    const tries = first === undefined ? [] : [this.#paint('gray', indent(first))];
    const experiments = experimentLines(promise).map((one) => this.#paint('gray', indent(one)));
    return [line, ...reason, ...cause, ...tries, ...experiments].join('\n');
  }

  listed({ id, title, suite }: Pick<ReportPromise, 'id' | 'title' | 'suite'>): string {
    return `${id} ${title} ${this.#paint('gray', suite)}`;
  }

  trouble(text: string): string {
    return this.#paint('yellow', `! ${text.split('\n').join('\n  ')}`);
  }

  /** Counts, the promises that are broken or not judged with their reasons, the costs for users and the path of the report. */
  summary(report: Report, reportFile: string): string {
    const count = (verdict: Verdict) => report.promises.filter((one) => one.verdict === verdict).length;
    const counts = `${count('pass')} kept, ${count('fail')} broken, ${count('error')} not judged, ${count('skipped')} skipped`;
    const { color } = marks[report.verdict];
    const word = { pass: 'PASS', fail: 'FAIL', error: 'COULD NOT JUDGE' }[report.verdict];
    const { durationMs, waitingMs } = report.harness;
    return [
      '',
      `${this.#paint(color, word)} ${report.reason}`,
      `${counts}; ${duration(durationMs)}, including ${duration(waitingMs)} of waiting for the mesh`,
      ...this.#openQuestions(report),
      ...usersNotice(report),
      `Report: ${reportFile}`,
      '',
    ].join('\n');
  }

  /** The promises that are not kept; promises with the same reason share a line. */
  #openQuestions(report: Report): string[] {
    const open = report.promises.filter((one) => one.verdict === 'fail' || one.verdict === 'error');
    const byReason = Map.groupBy(open, (one) => one.verdict + one.reason);
    return [...byReason.values()].map((group) => {
      const { verdict, reason } = group[0]!;
      const { sign, color } = marks[verdict];
      return `  ${this.#paint(color, sign)} ${group.map((one) => one.id).join(', ')}: ${reason.split('\n').join('\n    ')}`;
    });
  }
}

/** The faults that cost users the most, and how many others cost requests. */
function usersNotice({ faults = [] }: Report): string[] {
  const lossy = faults.filter(({ worst }) => worst?.requestsLost);
  if (lossy.length === 0) return [];
  const more = lossy.length - mostImpacts;
  return [
    'What users notice:',
    ...lossy.slice(0, mostImpacts).map((fault) => `  ${impactLine(fault)}`),
    ...(more > 0 ? [`  ${more} more in the report`] : []),
  ];
}

/** Whether to colour: in a terminal, unless NO_COLOR is set (https://no-color.org). */
export function wantsColors(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  return stream.isTTY === true && !env['NO_COLOR'];
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
