import type { ReportPromise } from '../schema.ts';
import { html, type Markup } from './markup.ts';

type Verdict = ReportPromise['verdict'];

/** The order of verdicts: those that need attention come first. */
export const verdictOrder: Verdict[] = ['fail', 'error', 'pass', 'skipped'];

export const verdictWords: Record<Verdict, string> = {
  pass: 'kept',
  fail: 'broken',
  error: 'not judged',
  skipped: 'skipped',
};

const shapes: Record<Verdict, Markup> = {
  pass: html`<path d="M5 10.5l3.5 3.5L15 7" />`,
  fail: html`<path d="M6 6l8 8M14 6l-8 8" />`,
  error: html`<path d="M7.3 7.8a2.7 2.7 0 1 1 4 2.4c-.9.5-1.3.9-1.3 2M10 14.6v.2" />`,
  skipped: html`<path d="M6 10h8" />`,
};

/** A sign in a disc. Screen readers skip it, so add the word. */
export function verdictSign(verdict: Verdict): Markup {
  return html`<svg class="sign ${verdict}" viewBox="0 0 20 20" aria-hidden="true">
    <circle cx="10" cy="10" r="10" />
    ${shapes[verdict]}
  </svg>`;
}
