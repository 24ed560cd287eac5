import { html, type Markup } from '../page/markup.ts';
import {
  axisWidth,
  latencyHeight,
  leastHeight,
  headHeight,
  labelRow,
  markRow,
  mostLabelRows,
  rateFoot,
  rateHeight,
  timeAxisHeight,
} from './frame.ts';
import { gatherMarks, isLabelled, markText, placeLabels } from './marks.ts';
import type { PictureData } from './picture-data.ts';
import {
  decadesAround,
  decadesBetween,
  valuesPerStep,
  latencyLines,
  latencyText,
  ratesPerStep,
  secondsText,
  stepWidthMs,
} from './steps.ts';

/** Steps of a still; the script draws finer ones. */
const mostSteps = 160;
/** The assumed width of the plot for the positions of labels. A narrower page cuts the last labels. */
const nominalWidth = 600;
/** Average width of a character of a label. */
const characterWidth = 6.6;
const unit = 1000;

type Position = (ms: number) => number;

/** A picture without a script: two pairs of an axis and a plot. Positions on the time axis are percentages. */
export interface Still {
  rate: Markup;
  latency: Markup;
  stepMs: number;
}

/** Draws requests per second and latency over time. Pure; a picture without slots has empty plots. */
export function still(data: PictureData): Still {
  const { endMs } = data;
  const stepMs = stepWidthMs(data.slotMs, endMs, mostSteps, data.ratePerSecond);
  const at: Position = (ms) => Number(((Math.min(Math.max(ms, 0), endMs) / endMs) * 100).toFixed(2));
  return { rate: rate(data, stepMs, at), latency: latency(data, stepMs, at, endMs), stepMs };
}

function rate(data: PictureData, stepMs: number, at: Position): Markup {
  const head = headHeight(data.bands.length, data.events.length);
  const rows = data.rows.map((row) => ratesPerStep(row.counts, data.slots, data.slotMs, stepMs));
  const totals = (rows[0] ?? []).map((_, step) => rows.reduce((sum, one) => sum + one[step]!, 0));
  const ticks = niceTicks(Math.max(1, ...totals), 4);
  const most = Math.max(ticks.at(-1)!, ...totals);
  const y = (value: number) => Number((head + rateHeight * (1 - value / most)).toFixed(1));
  const steps = totals.length;
  const below: number[] = Array.from({ length: steps }, () => 0);
  const drawn = data.rows.map((row, index) => {
    const bottom = [...below];
    rows[index]!.forEach((value, step) => (below[step]! += value));
    if (row.failed) return failureRects(row, rows[index]!, bottom, { stepMs, at, y });
    const path = area(bottom, below, most);
    const drawing = html`<path class="paint-${row.paint}" d="${path}" />`;
    return stretched(drawing, { count: steps, stepMs, endMs: data.endMs }, head, rateHeight);
  });
  return html`<svg class="axis" aria-hidden="true" height="${head + rateHeight + rateFoot}">
      ${ticks.map((tick) => html`<text x="${axisWidth - 6}" y="${y(tick) + 4}">${tick}</text>`)}
    </svg>
    <svg class="plot" aria-hidden="true" height="${head + rateHeight + rateFoot}">
      ${ticks.map((tick) => html`<line class="grid" x1="0" x2="100%" y1="${y(tick)}" y2="${y(tick)}" />`)}
      ${bandRects(data, at, head, rateHeight)} ${drawn} ${bandEdges(data, at, head, rateHeight)}
      ${bandStrips(data, at)} ${eventLines(data, at, head, true)}
    </svg>`;
}

function failureRects(
  { paint, faded }: PictureData['rows'][number],
  rates: number[],
  bottom: number[],
  { stepMs, at, y }: { stepMs: number; at: Position; y: (value: number) => number },
): Markup[] {
  return rates.flatMap((value, step) => {
    if (value === 0) return [];
    const x = at(step * stepMs);
    const height = Math.max(leastHeight, y(bottom[step]!) - y(bottom[step]! + value));
    return html`<rect
      class="paint-${paint}${faded ? ' faded' : ''}"
      x="${x}%"
      y="${Number((y(bottom[step]!) - height).toFixed(1))}"
      width="${Number((at((step + 1) * stepMs) - x).toFixed(2))}%"
      height="${Number(height.toFixed(1))}"
    />`;
  });
}

/** The outline of the area between two rows of heights. A step has the width 1; the height is {@link unit}. */
function area(bottom: number[], top: number[], most: number): string {
  const y = (value: number) => Math.round(unit * (1 - value / most));
  const along = (heights: number[]) => heights.map((value, step) => `V${y(value)}H${step + 1}`).join('');
  const back = bottom.map((value, step) => `V${y(value)}H${step}`).toReversed();
  return top.length === 0 ? 'M0 0' : `M0 ${y(bottom[0]!)}${along(top)}${back.join('')}Z`;
}

function latency(data: PictureData, stepMs: number, at: Position, endMs: number): Markup {
  const lines = latencyLines.map(
    ([name, , choice]) =>
      [name, valuesPerStep(data.latency[name], data.slots, data.slotMs, stepMs, choice)] as const,
  );
  const [low, high] = decadesAround(lines.flatMap(([, values]) => values));
  const of = (ms: number) =>
    (Math.log10(Math.max(ms, low)) - Math.log10(low)) / (Math.log10(high) - Math.log10(low));
  const y = (ms: number) => Number((6 + latencyHeight * (1 - of(ms))).toFixed(1));
  const decades = decadesBetween(low, high);
  const whole = 6 + latencyHeight + timeAxisHeight;
  return html`<svg class="axis" aria-hidden="true" height="${whole}">
      ${decades.map((tick) => html`<text x="${axisWidth - 6}" y="${y(tick) + 4}">${latencyText(tick)}</text>`)}
    </svg>
    <svg class="plot" aria-hidden="true" height="${whole}">
      ${decades.map((tick) => html`<line class="grid" x1="0" x2="100%" y1="${y(tick)}" y2="${y(tick)}" />`)}
      ${bandRects(data, at, 6, latencyHeight)}
      ${lines.map(([name, values]) =>
        stretched(
          html`<path
            class="line ${name}"
            d="${steppedLine(values, (ms) => Math.round(unit * (1 - of(ms))))}"
          />`,
          { count: values.length, stepMs, endMs },
          6,
          latencyHeight,
        ),
      )}
      ${bandEdges(data, at, 6, latencyHeight)} ${eventLines(data, at, 6, false)}
      ${timeLabels(at, endMs, whole - 8)}
    </svg>`;
}

/** A drawing with a step as its unit, as wide as the duration of its steps. It can be shorter or longer than the plot. */
function stretched(
  drawing: Markup,
  { count, stepMs, endMs }: { count: number; stepMs: number; endMs: number },
  y: number,
  height: number,
): Markup {
  const width = Number(((count * stepMs * 100) / endMs).toFixed(3));
  const box = `0 0 ${count || 1} ${unit}`;
  return html`<svg y="${y}" width="${width}%" height="${height}" viewBox="${box}" preserveAspectRatio="none">
    ${drawing}
  </svg>`;
}

function timeLabels(at: Position, endMs: number, y: number): Markup[] {
  const times = niceTicks(endMs, 6);
  const anchor = (ms: number) => (ms === 0 ? 'start' : ms > endMs * 0.95 ? 'end' : 'middle');
  return times.map(
    (ms) =>
      html`<text text-anchor="${anchor(ms)}" x="${at(ms)}%" y="${y}"
        >${secondsText(ms, times[1] ?? endMs)}</text
      >`,
  );
}

function steppedLine(values: readonly (number | null)[], y: (ms: number) => number): string {
  const parts = values.map((value, step) => {
    if (value === null) return '';
    const joined = step > 0 && values[step - 1] !== null;
    return `${joined ? 'V' : `M${step} `}${y(value)}H${step + 1}`;
  });
  return parts.join('') || 'M0 0';
}

function bandRects({ bands }: PictureData, at: Position, y: number, height: number): Markup[] {
  return bands.map(({ kind, fromMs, toMs }) => {
    const width = Number(Math.max(at(toMs) - at(fromMs), 0.2).toFixed(2));
    return html`<rect
      class="band-${kind}"
      x="${at(fromMs)}%"
      y="${y}"
      width="${width}%"
      height="${height}"
    />`;
  });
}

/** The bands that are wide enough for a label at the nominal width. */
function labelledBands({ bands }: PictureData, at: Position): PictureData['bands'] {
  return bands.filter(({ fromMs, toMs }) =>
    isLabelled(((at(toMs) - at(fromMs)) * nominalWidth) / 100, bands.length),
  );
}

function bandEdges(data: PictureData, at: Position, y: number, height: number): Markup[] {
  return labelledBands(data, at).flatMap(({ kind, fromMs, toMs }) =>
    [fromMs, toMs].map(
      (ms) =>
        html`<line class="edge-${kind}" x1="${at(ms)}%" x2="${at(ms)}%" y1="${y}" y2="${y + height}" />`,
    ),
  );
}

function bandStrips(data: PictureData, at: Position): Markup[] {
  const bands = labelledBands(data, at);
  const px = (percent: number) => (percent * nominalWidth) / 100;
  const wanted = bands.map(({ label, fromMs, toMs }) => ({
    from: px(at(fromMs)),
    to: px(at(toMs)),
    width: label.length * characterWidth + 8,
  }));
  return placeLabels(wanted, nominalWidth, mostLabelRows, 6).flatMap((place, index) => {
    if (!place) return [];
    const { kind, label, fromMs, toMs } = bands[index]!;
    const x = Number(((place.x / nominalWidth) * 100).toFixed(2));
    const width = Number((at(toMs) - at(fromMs)).toFixed(2));
    const top = place.row * labelRow;
    return html`<rect
        class="band-${kind}"
        x="${at(fromMs)}%"
        y="${top}"
        width="${width}%"
        height="${labelRow - 2}"
      />
      <text class="label-${kind}" x="${x}%" dx="4" y="${top + 12}">${label}</text>`;
  });
}

function eventLines({ events }: PictureData, at: Position, head: number, numbered: boolean): Markup[] {
  const lines = events.map(
    ({ atMs }) =>
      html`<line
        class="event"
        x1="${at(atMs)}%"
        x2="${at(atMs)}%"
        y1="${head - (numbered ? 4 : 0)}"
        y2="${head + (numbered ? rateHeight : latencyHeight)}"
      />`,
  );
  if (!numbered) return lines;
  const marks = gatherMarks(
    events.map(({ atMs }) => (at(atMs) * nominalWidth) / 100),
    20,
  );
  const numbers = marks.map((mark) => {
    const x = Number(((mark.at / nominalWidth) * 100).toFixed(2));
    return html`<text
      class="mark"
      text-anchor="middle"
      x="${Math.min(Math.max(x, 1), 99)}%"
      y="${head - markRow / 2}"
      >${markText(mark)}</text
    >`;
  });
  return [...lines, ...numbers];
}

/** Zero and about `count` round numbers up to `most`. */
function niceTicks(most: number, count: number): number[] {
  const rough = most / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * magnitude).find((one) => one >= rough) ?? rough;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) =>
    Number((index * step).toPrecision(12)),
  );
}
