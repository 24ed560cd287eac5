import { duration } from '../plain-text.ts';
import type { Report, ReportPromise } from '../schema.ts';
import { html, type Markup, type Value } from './markup.ts';
import { verdictOrder, verdictSign, verdictWords } from './verdicts.ts';

/** The verdict, its reason and the counts. */
export function summary(report: Report): Markup {
  const { verdict, promises, mesh } = report;
  const subject = mesh ? [mesh.meshId, mesh.lab === null ? undefined : `lab ${mesh.lab}`] : [];
  const facts = [...subject, utc(report.startedAt), duration(report.harness.durationMs)].filter(Boolean);
  return html`<header>
    <p class="brand">meshproof <span>${report.run}</span></p>
    <h1>${verdictSign(verdict)}<span>${headline(report)}</span></h1>
    <p class="reason">${withLinks(report.reason, promises)}</p>
    <p class="facts">${facts.map((fact, index) => [index > 0 && ' · ', html`<span>${fact}</span>`])}</p>
    ${promises.length > 0 && counts(promises)}
  </header>`;
}

/** The text with the ids of promises as links to them. */
function withLinks(text: string, promises: ReportPromise[]): Value {
  const ids = new Set(promises.map((one) => one.id));
  const parts = text.split(/\b([A-Z]{3}-\d{2})\b/);
  return parts.map((part) => (ids.has(part) ? html`<a href="#${part}">${part}</a>` : part));
}

function headline({ verdict, promises }: Report): string {
  const count = (of: ReportPromise['verdict']) => promises.filter((one) => one.verdict === of).length;
  if (verdict === 'pass')
    return count('skipped') === 0
      ? 'The mesh keeps its promises'
      : 'The mesh keeps all promises that were tried';
  if (verdict === 'fail')
    return count('fail') === 1 ? 'The mesh breaks a promise' : `The mesh breaks ${count('fail')} promises`;
  return count('pass') === 0 ? 'The mesh could not be judged' : 'The mesh could not be fully judged';
}

/** A bar with a part for each verdict, and the numbers below it. */
function counts(promises: ReportPromise[]): Markup {
  const present = verdictOrder
    .map((verdict) => ({ verdict, count: promises.filter((one) => one.verdict === verdict).length }))
    .filter((one) => one.count > 0);
  let from = 0;
  const parts = present.map(({ verdict, count }) => {
    const width = (count / promises.length) * 100;
    const rect = html`<rect class="${verdict}" x="${from}%" y="0" width="${width}%" height="8" />`;
    from += width;
    return rect;
  });
  return html`<div class="counts">
    <svg class="proportions" aria-hidden="true">${parts}</svg>
    <ul>
      ${present.map(({ verdict, count }) => html`<li>${verdictSign(verdict)} <b>${count}</b> ${verdictWords[verdict]}</li>`)}
    </ul>
  </div>`;
}

/** `2026-03-01 14:05 UTC`. */
export function utc(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
