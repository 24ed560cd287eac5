import { bytes, duration } from '../plain-text.ts';
import type { Report, ReportPromise } from '../schema.ts';
import { html, type Markup } from './markup.ts';

const mostShown = 8;

/** The time of the run, divided into waiting for the mesh and the harness, and the promises that took longest. */
export function timeSpent({ harness, promises }: Report): Markup {
  const { durationMs, waitingMs, peakMemoryBytes } = harness;
  const slowest = promises
    .filter((one) => one.durationMs > 0)
    .toSorted((a, b) => b.durationMs - a.durationMs);
  const longest = slowest[0]?.durationMs ?? 1;
  const shown = slowest.slice(0, mostShown);
  return html`<section aria-labelledby="time">
    <h2 id="time">Time</h2>
    <p class="lead">
      ${duration(durationMs)} in total: ${duration(waitingMs)} of waiting for the mesh,
      ${duration(durationMs - waitingMs)} (${percent(durationMs - waitingMs, durationMs)}) in the harness.
      ${peakMemoryBytes !== null && html`The harness used ${bytes(peakMemoryBytes)} of memory at its peak.`}
    </p>
    ${bar(durationMs, waitingMs, durationMs, 'total')}
    <ul class="legend">
      <li class="waiting">waiting for the mesh</li>
      <li class="working">harness</li>
    </ul>
    ${
      shown.length > 1 &&
      html`<ol class="slowest">
        ${shown.map((one) => row(one, longest))}
      </ol>`
    }
    ${slowest.length > shown.length && html`<p class="note">The ${shown.length} slowest of ${slowest.length} promises.</p>`}
  </section>`;
}

function row(one: ReportPromise, longest: number): Markup {
  return html`<li>
    <a href="#${one.id}" title="${one.title}">${one.id}</a>
    ${bar(one.durationMs, one.waitingMs, longest)}
    <span class="value">${duration(one.durationMs)}</span>
  </li>`;
}

function bar(durationMs: number, waitingMs: number, fullMs: number, kind = ''): Markup {
  const of = (ms: number) => (fullMs > 0 ? Number(((ms / fullMs) * 100).toFixed(2)) : 0);
  const label = `${duration(waitingMs)} waiting for the mesh, ${duration(durationMs - waitingMs)} in the harness`;
  return html`<svg class="spent ${kind}" role="img" aria-label="${label}">
    <rect class="waiting" x="0" y="0" width="${of(waitingMs)}%" height="100%" />
    <rect class="working" x="${of(waitingMs)}%" y="0" width="${of(durationMs - waitingMs)}%" height="100%" />
  </svg>`;
}

function percent(part: number, whole: number): string {
  return whole > 0 ? `${Math.round((part / whole) * 100)} %` : '0 %';
}
