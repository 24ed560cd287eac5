import type { Experiment } from '../experiment.ts';
import { html, type Markup } from '../page/markup.ts';
import { allowed, inUnit, isKept } from '../page/measurements.ts';
import { duration, quantity } from '../plain-text.ts';
import type { ReportExperiment, ReportPromise } from '../schema.ts';
import { bandName } from './marks.ts';
import { tile } from './paints.ts';
import { jsonElement, pictureData } from './picture-data.ts';
import { rowsOf } from './series.ts';
import { latencyLines, secondsText } from './steps.ts';
import { still } from './still.ts';

/** The data for the pictures of experiments, in addition to report.json. */
export interface Pictures {
  /** By the `file` of the experiment in the report. */
  data: ReadonlyMap<string, Experiment>;
  /** The clusters of the mesh, in its order. */
  clusters: readonly string[];
}

/** The experiments of a promise, each as a picture with its numbers; false without experiments. */
export function experimentFigures(
  { experiments = [], missingExperiments = [] }: ReportPromise,
  { data, clusters }: Pictures,
): Markup | false {
  if (experiments.length + missingExperiments.length === 0) return false;
  return html`<div class="experiments">
    ${experiments.map((one) => figure(one, data.get(one.file), clusters))}
    ${missingExperiments.map((why) => html`<p class="note missing">${why}</p>`)}
  </div>`;
}

function figure(
  entry: ReportExperiment,
  experiment: Experiment | undefined,
  clusters: readonly string[],
): Markup {
  return html`<figure class="experiment">
    <figcaption><b>${entry.scope}</b> <span>${loadWords(entry.load)}</span></figcaption>
    <div class="with-numbers">
      ${experiment ? charts(experiment, clusters) : html`<p class="note">The data of the picture is in ${entry.file}.</p>`}
      ${numbers(entry)}
    </div>
  </figure>`;
}

function charts(experiment: Experiment, clusters: readonly string[]): Markup {
  const data = pictureData(experiment, clusters);
  const { rate, latency, stepMs } = still(data);
  const steps = `Steps of ${duration(stepMs)}.`;
  return html`<div class="charts">
    <p class="axis-title">Requests per second, by outcome and by the cluster that answered</p>
    <div class="rate"><div class="still">${rate}</div></div>
    <p class="axis-title">
      Latency in each step on a logarithmic scale: highest p99, slowest request, median p50
    </p>
    <div class="latency"><div class="still">${latency}</div></div>
    <p class="at">${steps}</p>
    ${key(experiment, clusters)} ${occurrences(experiment)} ${failed(experiment)} ${jsonElement(data)}
  </div>`;
}

/** The meaning of each colour, pattern and line, with its number of requests. */
function key({ buckets }: Experiment, clusters: readonly string[]): Markup {
  const rows = rowsOf(buckets, clusters);
  return html`<ul class="key">
      ${rows.map(
        ({ name, paint, faded, total }) =>
          html`<li class="of-rate">
            <svg class="swatch" aria-hidden="true">
              <rect class="paint-${paint}${faded ? ' faded' : ''}" width="100%" height="100%" />
            </svg>
            <span>${name}</span>
            <span class="n">${quantity(total)} ${total === 1 ? 'request' : 'requests'}</span>
          </li>`,
      )}
    </ul>
    <ul class="key lines">
      ${latencyLines.map(
        ([line, name]) =>
          html`<li class="of-latency">
            <svg class="swatch" aria-hidden="true">
              <line class="line ${line}" x1="0" x2="100%" y1="6" y2="6" />
            </svg>
            <span>${name}</span> <span class="n"></span>
          </li>`,
      )}
    </ul>`;
}

/** An unstable mesh can have hundreds of outages. The picture and the file have all of them. */
const mostListed = 12;

/** Bands with their begin and end, and events with their number in the picture. */
function occurrences({ bands, events }: Experiment): Markup {
  const ordered = events.toSorted((a, b) => a.atMs - b.atMs);
  return html`<div class="occurrences">
    <ul class="bands">
      ${bands.slice(0, mostListed).map(
        ({ kind, label, fromMs, toMs }) =>
          html`<li>
            <svg class="swatch" aria-hidden="true">
              <rect class="band-${kind}" width="100%" height="100%" />
            </svg>
            <span>${bandName(kind, label)}</span>
            <span class="n">${spanText(fromMs, toMs)}</span>
          </li>`,
      )}
      ${more(bands.length)}
    </ul>
    <ol class="events">
      ${ordered.slice(0, mostListed).map(
        ({ atMs, label }, index) =>
          html`<li>
            <span class="number">${index + 1}</span><span>${label}</span>
            <span class="n">${secondsText(atMs, 10)}</span>
          </li>`,
      )}
      ${more(ordered.length)}
    </ol>
  </div>`;
}

/** Failed requests one by one. */
function failed({ failures }: Experiment): Markup | false {
  if (!failures) return false;
  const { first, more } = failures;
  const all = first.length + more;
  return html`<details class="failures">
    <summary>
      ${all === 1 ? '1 request that failed or was' : `${quantity(all)} requests that failed or were`} too
      slow${more > 0 && `, the first ${first.length} in detail`}
    </summary>
    <ol>
      ${first.map(
        ({ startMs, endMs, outcome, detail }) =>
          html`<li>
            <span class="n">${secondsText(startMs, 10)}</span>
            <span
              ><b>${outcome}</b> after
              ${duration(endMs - startMs)}${detail !== undefined && html`: ${detail}`}</span
            >
          </li>`,
      )}
    </ol>
  </details>`;
}

/** `10.00–40.00 s`. */
function spanText(fromMs: number, toMs: number): string {
  return `${secondsText(fromMs, 10).replace(/ s$/, '')}–${secondsText(toMs, 10)}`;
}

function more(count: number): Markup | false {
  return count > mostListed && html`<li><span></span><span>and ${count - mostListed} more</span></li>`;
}

function numbers({ numbers, scope }: ReportExperiment): Markup {
  return html`<ul class="numbers">
    ${numbers.map(
      (one) =>
        html`<li class="${isKept(one) ? 'kept' : 'missed'}">
          <span class="name"
            >${one.name}${one.scope !== undefined && one.scope !== scope && html` <span>${one.scope}</span>`}</span
          >
          <span
            ><b>${inUnit(one.value, one.unit)}</b>
            ${isKept(one) ? false : html`<span class="miss">✗ outside</span>`}</span
          >
          <span class="allowed">${allowed(one)}</span>
        </li>`,
    )}
  </ul>`;
}

function loadWords({ ratePerSecond, connections, from, generator }: ReportExperiment['load']): string {
  const how = connections === 'fresh' ? 'a fresh connection each' : 'keep-alive connections';
  const where = from === 'ingress' ? 'through the ingress' : 'from inside the mesh';
  return `${quantity(ratePerSecond)} requests/s, ${how}, ${where}, sent by ${generator}`;
}

/** The patterns that paints refer to; once a page, and not `display: none`, which would take them away. */
export function patternDefinitions(
  patterns: readonly { name: string; path: string; stroke: number }[],
): Markup {
  return html`<svg class="patterns" width="0" height="0" aria-hidden="true">
    ${patterns.map(
      ({ name, path, stroke }) =>
        html`<pattern id="pattern-${name}" width="${tile}" height="${tile}" patternUnits="userSpaceOnUse">
          <rect class="ground-${name}" width="${tile}" height="${tile}" />
          <path class="hatch" d="${path}" stroke-width="${stroke}" />
        </pattern>`,
    )}
  </svg>`;
}
