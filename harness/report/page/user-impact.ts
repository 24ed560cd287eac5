import { quantity } from '../plain-text.ts';
import type { FaultImpact, PathImpact, Report } from '../schema.ts';
import { lostText, outageText, recoveryText, span } from '../user-impact-text.ts';
import { declaresFault } from '../user-impact.ts';
import { html, type Markup, type Value } from './markup.ts';
import { verdictSign, verdictWords } from './verdicts.ts';

/** The cost of each fault for users, as a table, worst first. A report of an older version has no such section. */
export function usersNotice({ faults, promises }: Report): Markup | false {
  if (!faults) return false;
  const titles = new Map(promises.map(({ id, title }) => [id, title]));
  return html`<section aria-labelledby="users">
    <h2 id="users">What users notice</h2>
    ${faults.length === 0 ? html`<p class="lead">${noFaults(promises)}</p>` : table(faults, titles)}
  </section>`;
}

function noFaults(promises: Report['promises']): string {
  const skipped = promises.filter((one) => one.verdict === 'skipped' && declaresFault(one)).length;
  const why = 'This run did not inject a fault, so it does not show what users notice.';
  if (skipped === 0) return why;
  return `${why} ${skipped === 1 ? '1 promise with a fault was' : `${skipped} promises with faults were`} skipped.`;
}

function table(faults: readonly FaultImpact[], titles: ReadonlyMap<string, string>): Markup {
  return html`<p class="lead">
      The requests that each fault cost, worst first. If a fault had several paths under load, the numbers are
      those of the worst path.
    </p>
    <table class="faults">
      <thead>
        <tr>
          <th scope="col">Fault</th>
          <th scope="col">Requests lost</th>
          <th scope="col">Longest outage</th>
          <th scope="col">Time to recover</th>
          <th scope="col">Allowed</th>
        </tr>
      </thead>
      <tbody>
        ${faults.map((fault) => row(fault, titles.get(fault.promise)))}
      </tbody>
    </table>`;
}

function row(fault: FaultImpact, title: string | undefined): Markup {
  const { promise, phase, verdict, worst, reason } = fault;
  return html`<tr class="${verdict}">
    <th scope="row">
      <span class="verdict">${verdictSign(verdict)} ${verdictWords[verdict]}</span>
      <a class="id" href="#${promise}">${promise}</a>
      <span class="title">${phase ?? title ?? promise}</span>
      <span class="path">${pathText(fault)}</span>
      ${reason !== undefined && html`<span class="why">${reason}</span>`}
    </th>
    ${
      worst
        ? [
            cell('Requests lost', lostText(worst), isOver(worst.requestsLost, worst.allowed.requests)),
            cell('Longest outage', outageText(worst), isOver(worst.outageMs, worst.allowed.outageMs)),
            cell('Time to recover', recoveryText(worst), !worst.recovered || isLate(worst)),
            cell('Allowed', allowedText(worst.allowed)),
          ]
        : [1, 2, 3, 4].map(() => html`<td class="none">–</td>`)
    }
  </tr>`;
}

function cell(label: string, value: Value, isMissed = false): Markup {
  return html`<td class="${isMissed ? 'missed' : ''}">
    <span class="label">${label}</span> <span class="number">${isMissed && '✗ '}${value}</span>
  </td>`;
}

function pathText({ phase, paths, judgedPaths, worst }: FaultImpact): string {
  if (paths === 0) return '';
  const judged = judgedPaths < paths ? `${judgedPaths} of ${paths} paths judged` : '';
  if (!worst) return judged;
  const count = judged ? `worst of ${judgedPaths} judged paths, ${paths} in all` : `worst of ${paths} paths`;
  const prefix = `${phase}, `;
  const path = worst.scope.startsWith(prefix) ? worst.scope.slice(prefix.length) : worst.scope;
  return paths === 1 ? path : `${path} (${count})`;
}

function isOver(value: number | null, atMost: number | undefined): boolean {
  return value !== null && atMost !== undefined && value > atMost;
}

function isLate({ afterFaultMs, afterHealingMs, allowed }: PathImpact): boolean {
  return isOver(afterHealingMs ?? afterFaultMs ?? null, allowed.recoveryMs);
}

function allowedText({ requests, outageMs, recoveryMs }: PathImpact['allowed']): Value {
  const lines = [
    ...(requests === undefined ? [] : [`${quantity(requests)} ${requests === 1 ? 'request' : 'requests'}`]),
    ...(outageMs === undefined ? [] : [`${span(outageMs)} of outage`]),
    ...(recoveryMs === undefined ? [] : [`${span(recoveryMs)} to recover`]),
  ];
  return lines.length === 0 ? 'no limit' : lines.map((line) => html`<span class="line">${line}</span> `);
}
