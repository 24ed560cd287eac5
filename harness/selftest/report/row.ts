import { html, type Markup, type Value } from '../../report/page/markup.ts';
import { verdictSign } from '../../report/page/verdicts.ts';
import { duration } from '../../report/plain-text.ts';
import type { ReportPromise } from '../../report/schema.ts';
import { codesOf, istioctlInShort, outcomeWords, verdictWords } from './counts.ts';
import type { SelftestCause, SelftestRow } from './schema.ts';

/** The sign of a row: a defect that is not named is a failure. */
export const signs: Readonly<Record<SelftestRow['verdict'], ReportPromise['verdict']>> = {
  named: 'pass',
  symptom: 'fail',
  missed: 'fail',
  error: 'error',
  skipped: 'skipped',
};

/** Whether a result of the row is unexpected. */
const needsReading = ({ verdict, promises }: SelftestRow): boolean =>
  verdict === 'symptom' ||
  verdict === 'missed' ||
  verdict === 'error' ||
  promises.some(({ outcome }) => outcome !== 'broken');

/** A defect: a summary, and all details when it is open. */
export function rowMarkup(row: SelftestRow): Markup {
  const sign = signs[row.verdict];
  return html`<details class="promise ${sign}" id="${row.id}" ${needsReading(row) && html` open`}>
    <summary>
      <span class="verdict">${verdictSign(sign)} ${verdictWords[row.verdict]}</span>
      <span class="id">${codesOf(row)[0] ?? '–'}</span>
      <span class="title">${row.title}<span class="short">${inShort(row)}</span></span>
      <span class="took">${duration(row.seconds.all * 1000)}</span>
    </summary>
    <div class="inside">
      <p class="reason">${row.reason}</p>
      ${causes(row)} ${promises(row)} ${istioctl(row)} ${parts(row)} ${about(row)}
    </div>
  </details>`;
}

function inShort(row: SelftestRow): Value {
  const promises = row.promises.map(({ id, outcome }) => html` · ${id} ${outcomeWords[outcome]}`);
  const traffic = row.silent ? html`<b>silent</b>` : 'breaks traffic';
  return [traffic, promises, ` · istioctl: ${istioctlInShort(row)}`];
}

function causes({ causes }: SelftestRow): Markup | false {
  if (!causes || causes.length === 0) return false;
  return html`<h4>Findings of the doctor</h4>
    <ul>
      ${causes.map(
        (one) =>
          html`<li>
            <span class="id">${one.code}</span> ${one.severity}, ${placeOf(one)}: ${one.sentence}
            ${one.explains.length > 0 && html`<span class="note">Explains ${one.explains.join(', ')}.</span>`}
          </li>`,
      )}
    </ul>`;
}

const placeOf = ({ cluster, peer, object }: SelftestCause): string =>
  [cluster === undefined ? 'the mesh' : peer === undefined ? cluster : `${cluster} → ${peer}`, object]
    .filter((one) => one !== undefined)
    .join(', ');

function promises({ promises }: SelftestRow): Markup | false {
  if (promises.length === 0) return false;
  return html`<h4>Promises that have to break</h4>
    <ul>
      ${promises.map(({ id, outcome, reason }) => html`<li><span class="id">${id}</span> <b>${outcomeWords[outcome]}</b>: ${reason}</li>`)}
    </ul>`;
}

function istioctl({ istioctl }: SelftestRow): Markup | false {
  if (!istioctl) return false;
  const changed = istioctl.filter(({ says, saysNoMore }) => says.length + saysNoMore.length > 0);
  if (changed.length === 0)
    return html`<h4>Output of istioctl</h4>
      <p>The same as for the healthy mesh.</p>`;
  return html`<h4>Output of istioctl</h4>
    <details class="plain">
      <summary>Lines that differ from the healthy mesh</summary>
      ${changed.map(
        ({ command, cluster, says, saysNoMore }) =>
          html`<pre><code>${[`# ${cluster}: istioctl ${command}`, ...says.map((line) => `+ ${line}`), ...saysNoMore.map((line) => `- ${line}`)].join('\n')}</code></pre>`,
      )}
    </details>`;
}

const partNames = {
  breaking: 'Break',
  settling: 'Settle',
  doctor: 'Doctor',
  istioctl: 'istioctl',
  promises: 'Promises',
  healing: 'Heal',
  healthy: 'Healthy again',
} as const;

function parts({ seconds }: SelftestRow): Markup {
  const names = Object.keys(partNames) as (keyof typeof partNames)[];
  return html`<h4>Seconds</h4>
    <div class="scroll">
      <table class="parts">
        <thead>
          <tr>
            ${names.map((name) => html`<th scope="col">${partNames[name]}</th>`)}
          </tr>
        </thead>
        <tbody>
          <tr>
            ${names.map((name) => html`<td>${seconds[name].toFixed(1)}</td>`)}
          </tr>
        </tbody>
      </table>
    </div>`;
}

function about({ id, cause, expected, breakages }: SelftestRow): Markup {
  return html`<dl class="about">
    <div>
      <dt>Defect</dt>
      <dd><code>${id}</code></dd>
    </div>
    <div>
      <dt>Reason</dt>
      <dd>${cause}</dd>
    </div>
    <div>
      <dt>Injected by</dt>
      <dd>
        ${breakages.map(({ fault, evidence }) => html`<span class="reference">${fault}: ${evidence}</span>`)}
      </dd>
    </div>
    <div>
      <dt>Expected</dt>
      <dd>${expected.findings.join(' or ')}</dd>
    </div>
  </dl>`;
}
