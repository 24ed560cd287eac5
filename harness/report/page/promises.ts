import { doctorSilentLine, firstTryLine } from '../experiment-line.ts';
import { untried } from '../judge.ts';
import { experimentFigures, type Pictures } from '../picture/experiments.ts';
import { duration } from '../plain-text.ts';
import type { ReportPromise } from '../schema.ts';
import { byTopic, capitalized } from '../topics.ts';
import { link, html, type Markup } from './markup.ts';
import { measurementPlots } from './measurements.ts';
import { utc } from './summary.ts';
import { verdictOrder, verdictSign, verdictWords } from './verdicts.ts';

const disturbances: Record<ReportPromise['disturbs'], string> = {
  nothing: 'nothing but meshproof’s own workloads',
  gateway: 'a gateway',
  'control-plane': 'a control plane',
  cluster: 'a whole cluster',
  link: 'the link between the networks',
};

/** All promises by topic. Promises that need attention are open, others are folded. */
export function promisesByTopic(promises: readonly ReportPromise[], pictures: Pictures): Markup {
  return html`<section aria-labelledby="promises">
    <h2 id="promises">Promises</h2>
    ${promises.length === 0 && html`<p class="lead">The run did not try a promise.</p>`}
    ${byTopic(promises).map(([topic, own]) => topicSection(topic, own, pictures))}
  </section>`;
}

function topicSection(topic: string, promises: ReportPromise[], pictures: Pictures): Markup {
  const counts = verdictOrder
    .map(
      (verdict) => [promises.filter((one) => one.verdict === verdict).length, verdictWords[verdict]] as const,
    )
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`);
  return html`<section class="topic">
    <h3>${capitalized(topic)} <span>${counts.join(', ')}</span></h3>
    ${promises.map((one) => promise(one, pictures))}
  </section>`;
}

/** Whether a promise is broken, or was tried and could not be judged. The top of the page explains why others were not tried. */
function needsReading({ verdict, reason }: ReportPromise): boolean {
  return verdict === 'fail' || (verdict === 'error' && !reason.startsWith(untried));
}

function promise(one: ReportPromise, pictures: Pictures): Markup {
  return html`<details class="promise ${one.verdict}" id="${one.id}" ${needsReading(one) && html` open`}>
    <summary>
      <span class="verdict">${verdictSign(one.verdict)} ${verdictWords[one.verdict]}</span>
      <span class="id">${one.id}</span>
      <span class="title">${one.title}</span>
      <span class="took">${one.durationMs > 0 && duration(one.durationMs)}</span>
    </summary>
    ${inside(one, experimentFigures(one, pictures))}
  </details>`;
}

function reason({ reason, verdict }: ReportPromise): Markup {
  const lines = reason.split('\n');
  if (verdict === 'pass' && lines.length > 1)
    return html`<ul class="reason">
      ${lines.map((line) => html`<li>${line}</li>`)}
    </ul>`;
  return html`<p class="reason">${reason}</p>`;
}

/** Pictures have the full width of the page, between the text and the numbers. */
function inside(one: ReportPromise, figures: Markup | false): Markup {
  const text = [reason(one), cause(one), firstTry(one)];
  const rest = [numbers(one), about(one)];
  if (!figures) return html`<div class="inside">${text} ${rest}</div>`;
  return html`<div class="inside">${text}</div>
    ${figures}
    <div class="inside">${rest}</div>`;
}

/** The numbers of the promise. Numbers that a picture already shows are folded: there you can compare paths. */
function numbers({ measurements, experiments = [] }: ReportPromise): Markup[] {
  const pictured = new Set(experiments.map(({ scope }) => scope));
  const repeated = measurements.filter(({ scope }) => scope !== undefined && pictured.has(scope));
  const folded = measurementPlots(repeated);
  const open = measurementPlots(measurements.filter((one) => !repeated.includes(one)));
  const again = html`<details class="again">
    <summary>Compare the numbers of all pictures</summary>
    ${folded}
  </details>`;
  return [...(open ? [open] : []), ...(folded ? [again] : [])];
}

/** The first cause that the doctor found, and its remedy. */
function cause({ cause, doctorSilent }: ReportPromise): Markup | false {
  if (doctorSilent)
    return html`<div class="cause">
      <p>${doctorSilentLine}</p>
    </div>`;
  if (!cause) return false;
  const where = cause.cluster === undefined ? '' : ` in ${cause.cluster}`;
  return html`<div class="cause">
    <p><b>Likely cause${where}:</b> ${cause.sentence} <span class="id">${cause.code}</span></p>
    <pre><code>${cause.remedy}</code></pre>
    <p class="note">Explained in ${link(cause.anchor, html`<code>${cause.anchor}</code>`)}.</p>
  </div>`;
}

function firstTry(one: ReportPromise): Markup | false {
  const line = firstTryLine(one);
  return line !== undefined && html`<p class="note">${line}</p>`;
}

function about(one: ReportPromise): Markup {
  const waiting = one.waitingMs > 0 ? `, including ${duration(one.waitingMs)} of waiting for the mesh` : '';
  return html`<dl class="about">
    <div>
      <dt>Level</dt>
      <dd>${one.level}</dd>
    </div>
    <div>
      <dt>Disturbs</dt>
      <dd>${disturbances[one.disturbs]}</dd>
    </div>
    ${
      one.durationMs > 0 &&
      html`<div>
        <dt>Took</dt>
        <dd>${duration(one.durationMs)}${waiting}, from ${utc(one.startedAt)}</dd>
      </div>`
    }
    <div>
      <dt>Suite</dt>
      <dd><code>${one.suite}</code></dd>
    </div>
    <div>
      <dt>References</dt>
      <dd>
        ${one.references.map((address) => html`<span class="reference">${link(address, withoutScheme(address))}</span>`)}
      </dd>
    </div>
  </dl>`;
}

function withoutScheme(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/$/, '');
}
