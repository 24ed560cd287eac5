import { quantity } from '../plain-text.ts';
import type { ReportPromise } from '../schema.ts';
import { html, type Markup } from './markup.ts';

type Measurement = ReportPromise['measurements'][number];

/** A longer scope would fill three lines of the narrow column. */
const longScope = 28;

/** The measurements of a promise: a group for each name with a row for each scope. All rows of a group have one scale. */
export function measurementPlots(measurements: readonly Measurement[]): Markup | false {
  if (measurements.length === 0) return false;
  const groups = Map.groupBy(measurements, (one) => `${one.name}\0${one.unit}`);
  return html`<div class="measurements">${[...groups.values()].map(group)}</div>`;
}

function group(rows: Measurement[]): Markup {
  const scale = scaleOf(rows);
  const { name, unit } = rows[0]!;
  const ranges = new Set(rows.map(allowed));
  const common = ranges.size === 1 ? [...ranges][0] : undefined;
  return html`<section class="measurement">
    <h4>${name}${common ? html` <span class="allowed">${common}</span>` : false}</h4>
    <ul class="${rows.some(({ scope = '' }) => scope.length > longScope) ? 'long' : ''}">
      ${rows.map(
        (row) =>
          html`<li class="${isKept(row) ? 'kept' : 'missed'}">
            <span class="scope">${row.scope}</span>
            ${plot(row, scale)}
            <span class="value"
              >${isKept(row) ? false : html`<span class="miss">✗ outside</span> `}${inUnit(row.value, unit)}</span
            >
            ${common === undefined && html`<span class="allowed">${allowed(row)}</span>`}
          </li>`,
      )}
    </ul>
  </section>`;
}

/** A bar up to the value over the band of allowed values. Positions are percentages, so that it fits any width. */
function plot(row: Measurement, [low, high]: readonly [number, number]): Markup {
  const at = (value: number) => Number((((value - low) / (high - low)) * 100).toFixed(2));
  const { value, atLeast, atMost } = row;
  const bounded = atLeast !== undefined || atMost !== undefined;
  const from = at(atLeast ?? low);
  const to = at(atMost ?? high);
  const zero = at(Math.max(low, Math.min(0, high)));
  const ends = [atLeast, atMost].filter((end) => end !== undefined).map(at);
  return html`<svg
    class="plot"
    role="img"
    aria-label="${[inUnit(value, row.unit), allowed(row)].filter(Boolean).join(', ')}"
  >
    <rect class="track" x="0" y="8" width="100%" height="4" rx="2" />
    ${bounded && html`<rect class="band" x="${from}%" y="3" width="${Math.max(0, to - from)}%" height="14" rx="2" />`}
    ${ends.map((end) => html`<line class="end" x1="${end}%" x2="${end}%" y1="1" y2="19" />`)}
    <rect
      class="bar"
      x="${Math.min(zero, at(value))}%"
      y="8"
      width="${Math.abs(at(value) - zero)}%"
      height="4"
      rx="2"
    />
    <circle class="dot" cx="${at(value)}%" cy="10" r="5" />
  </svg>`;
}

/** Percentages end at 100, other scales slightly above the largest number. Never empty. */
function scaleOf(rows: Measurement[]): readonly [number, number] {
  const numbers = rows.flatMap(({ value, atLeast, atMost }) => [value, atLeast ?? value, atMost ?? value]);
  const low = Math.min(0, ...numbers);
  const high = Math.max(...numbers);
  if (rows[0]?.unit === '%' && low >= 0 && high <= 100) return [0, 100];
  return [low, high > low ? high + (high - low) * 0.1 : low + 1];
}

export function isKept({ value, atLeast = -Infinity, atMost = Infinity }: Measurement): boolean {
  return value >= atLeast && value <= atMost;
}

export function allowed({ atLeast, atMost, unit }: Measurement): string {
  if (atLeast !== undefined && atLeast === atMost) return `allowed: exactly ${inUnit(atLeast, unit)}`;
  if (atLeast !== undefined && atMost !== undefined)
    return `allowed: ${quantity(atLeast)} to ${inUnit(atMost, unit)}`;
  if (atLeast !== undefined) return `allowed: at least ${inUnit(atLeast, unit)}`;
  if (atMost !== undefined) return `allowed: at most ${inUnit(atMost, unit)}`;
  return '';
}

export function inUnit(value: number, unit: string): string {
  return unit === '' ? quantity(value) : `${quantity(value)}\u00a0${unit}`;
}
