import { labelRow, leastHeight, markRow, mostLabelRows } from '../picture/frame.ts';
import { gatherMarks, isLabelled, markText, placeLabels } from '../picture/marks.ts';
import type { PictureData } from '../picture/picture-data.ts';
import type { Brushes } from './brushes.ts';

/** The target of drawings on a plot of uPlot. Positions are pixels of its canvas. */
export interface Canvas {
  plot: uPlot;
  brushes: Brushes;
  /** Pixels of the canvas in a CSS pixel. */
  ratio: number;
}

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** Runs `draw` and clips it to the area inside the axes. */
export function inside({ plot }: Canvas, draw: () => void): void {
  const { left, top, width, height } = plot.bbox;
  plot.ctx.save();
  plot.ctx.beginPath();
  plot.ctx.rect(left, top, width, height);
  plot.ctx.clip();
  draw();
  plot.ctx.restore();
}

/** Runs `draw` and restores the drawing state: uPlot expects the fonts and colours that it has set. */
export function restoringState({ plot }: Canvas, draw: () => void): void {
  plot.ctx.save();
  draw();
  plot.ctx.restore();
}

/** Requests a second of each row as stacked areas. A failure is always high enough to be visible. */
export function drawRows(canvas: Canvas, rows: PictureData['rows'], rates: number[][], stepMs: number): void {
  const { plot, brushes, ratio } = canvas;
  const x = (ms: number) => Math.round(plot.valToPos(ms, 'x', true));
  const y = (rate: number) => Math.round(plot.valToPos(rate, 'y', true));
  const { min = 0, max = 0 } = plot.scales['x'] as { min?: number; max?: number };
  const steps = rates[0]?.length ?? 0;
  const from = Math.max(0, Math.floor(min / stepMs));
  const to = Math.min(steps, Math.ceil(max / stepMs));
  const below: number[] = Array.from({ length: steps }, () => 0);
  rows.forEach(({ paint, failed, faded }, index) => {
    plot.ctx.fillStyle = brushes.fill(paint);
    plot.ctx.globalAlpha = faded ? 0.55 : 1;
    for (let step = from; step < to; step++) {
      const rate = rates[index]![step]!;
      if (rate === 0) continue;
      const bottom = y(below[step]!);
      below[step]! += rate;
      const height = Math.max(bottom - y(below[step]!), failed ? Math.round(leastHeight * ratio) : 0);
      const left = x(step * stepMs);
      plot.ctx.fillRect(left, bottom - height, Math.max(1, x((step + 1) * stepMs) - left), height);
    }
  });
  plot.ctx.globalAlpha = 1;
}

/** The bands of faults and outages, over the height of the plot. */
export function drawBands({ plot, brushes, ratio }: Canvas, bands: PictureData['bands']): void {
  const { top, height } = plot.bbox;
  for (const { kind, fromMs, toMs } of bands) {
    const [from, to] = [plot.valToPos(fromMs, 'x', true), plot.valToPos(toMs, 'x', true)];
    plot.ctx.fillStyle = brushes.color(`--band-${kind}`);
    plot.ctx.fillRect(from, top, Math.max(to - from, ratio), height);
  }
}

/** The begin and end of the bands as lines. */
export function drawBandEdges({ plot, brushes, ratio }: Canvas, bands: PictureData['bands']): void {
  const { top, height } = plot.bbox;
  for (const { kind, fromMs, toMs } of bands) {
    const edges = [fromMs, toMs].map((ms) => plot.valToPos(ms, 'x', true));
    if (!isLabelled((edges[1]! - edges[0]!) / ratio, bands.length)) continue;
    plot.ctx.fillStyle = brushes.color(`--label-${kind}`);
    for (const edge of edges) plot.ctx.fillRect(Math.round(edge), top, ratio, height);
  }
}

/** A strip with its label for each visible band, above the plot. Without enough space, only the list below has the band. */
export function drawBandStrips({ plot, brushes, ratio }: Canvas, bands: PictureData['bands']): void {
  const { left, width } = plot.bbox;
  const { ctx } = plot;
  ctx.font = `600 ${12 * ratio}px ${font}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const position = (ms: number) => Math.min(Math.max(plot.valToPos(ms, 'x', true) - left, 0), width);
  const padding = 4 * ratio;
  const shown = bands
    .map((band) => ({ ...band, from: position(band.fromMs), to: position(band.toMs) }))
    .filter(({ from, to }) => to > 0 && from < width && isLabelled((to - from) / ratio, bands.length))
    .map((band) => ({ ...band, text: cut(ctx, band.label, width - 2 * padding) }));
  const wanted = shown.map((band) => ({ ...band, width: ctx.measureText(band.text).width + 2 * padding }));
  placeLabels(wanted, width, mostLabelRows, 6 * ratio).forEach((place, index) => {
    if (!place) return;
    const { kind, from, to, text } = shown[index]!;
    const top = place.row * labelRow * ratio;
    const height = (labelRow - 2) * ratio;
    ctx.fillStyle = brushes.color(`--band-${kind}`);
    ctx.fillRect(left + from, top, Math.max(to - from, ratio), height);
    ctx.fillStyle = brushes.color(`--label-${kind}`);
    ctx.fillRect(left + from, top, 2 * ratio, height);
    ctx.fillText(text, left + place.x + padding, top + height / 2 + ratio / 2);
  });
}

/** A thin line for each event, with its number above if `numbered`. */
export function drawEvents(
  { plot, brushes, ratio }: Canvas,
  events: PictureData['events'],
  numbered: boolean,
): void {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const positions = events.map(({ atMs }) => plot.valToPos(atMs, 'x', true));
  const inSight = (at: number) => at >= left - ratio && at <= left + width + ratio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = brushes.color('--ink');
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  for (const at of positions.filter(inSight)) {
    ctx.beginPath();
    ctx.moveTo(Math.round(at) + 0.5, top - (numbered ? 4 * ratio : 0));
    ctx.lineTo(Math.round(at) + 0.5, top + height);
    ctx.stroke();
  }
  ctx.restore();
  if (!numbered) return;
  ctx.fillStyle = brushes.color('--ink');
  ctx.font = `600 ${11 * ratio}px ${font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  for (const mark of gatherMarks(positions, markRow * ratio)) {
    const text = markText(mark);
    if (inSight(mark.at)) ctx.fillText(text, mark.at, top - (markRow / 2 + 1) * ratio);
  }
}

function cut(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && ctx.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}
