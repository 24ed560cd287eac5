import {
  axisWidth,
  headHeight,
  latencyHeight,
  rateFoot,
  rateHeight,
  rightMargin,
  timeAxisHeight,
} from '../picture/frame.ts';
import type { PictureData } from '../picture/picture-data.ts';
import { decadesAround, decadesBetween, latencyText, secondsText } from '../picture/steps.ts';
import { brushesFor } from './brushes.ts';
import {
  restoringState,
  drawBandEdges,
  drawBands,
  drawBandStrips,
  drawEvents,
  drawRows,
  inside,
  type Canvas,
} from './draw.ts';

/** The functions of a picture that its plots call. */
export interface Controls {
  /** The rates of each row in the visible steps, and the width of a step. */
  steps: () => { rates: number[][]; stepMs: number };
  zoom: (fromMs: number, toMs: number) => void;
  reset: () => void;
  /** Reports the time at the pointer; null if it has left the plot. */
  pointAt: (ms: number | null) => void;
}

type Hook = (plot: uPlot) => void;

const canvasOf = (plot: uPlot): Canvas => {
  const ratio = plot.ctx.canvas.width / plot.width;
  return { plot, ratio, brushes: brushesFor(plot.ctx, ratio) };
};
const property = (name: string) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The options of both plots: a time axis without a legend; dragging zooms both, and a double click resets them. */
function common(width: number, syncKey: string, controls: Controls) {
  const cursor: uPlot.Cursor = {
    y: false,
    points: { show: false },
    sync: { key: syncKey, scales: ['x', null] },
    drag: { x: true, y: false, setScale: false },
    bind: { dblclick: () => () => (controls.reset(), null) },
  };
  const select: Hook = (plot) => {
    const { left, width: selected } = plot.select;
    if (selected < 4) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    controls.zoom(plot.posToVal(left, 'x'), plot.posToVal(left + selected, 'x'));
  };
  const point: Hook = (plot) => {
    const { left = -1 } = plot.cursor;
    controls.pointAt(left < 0 ? null : plot.posToVal(left, 'x'));
  };
  return { width, legend: { show: false }, cursor, select, point };
}

const labelFont = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const grid = { stroke: property('--faint'), width: 1 };
const axis = { stroke: property('--soft'), font: labelFont, grid, ticks: { show: false } };

const timeAxis: uPlot.Axis = {
  ...axis,
  size: timeAxisHeight,
  space: 64,
  values: (_plot, splits) => splits.map((ms) => secondsText(ms, (splits[1] ?? ms) - splits[0]!)),
};

/** Options of the plot of requests per second. Its only series is the sum, which sets the scale. */
export function rateOptions(
  data: PictureData,
  width: number,
  syncKey: string,
  controls: Controls,
): uPlot.Options {
  const { select, point, ...shared } = common(width, syncKey, controls);
  const head = headHeight(data.bands.length, data.events.length);
  const area: Hook = (plot) => {
    const canvas = canvasOf(plot);
    const { rates, stepMs } = controls.steps();
    inside(canvas, () => {
      drawBands(canvas, data.bands);
      drawRows(canvas, data.rows, rates, stepMs);
    });
  };
  const marks: Hook = (plot) => {
    const canvas = canvasOf(plot);
    inside(canvas, () => drawBandEdges(canvas, data.bands));
    restoringState(canvas, () => {
      drawBandStrips(canvas, data.bands);
      drawEvents(canvas, data.events, true);
    });
  };
  return {
    ...shared,
    height: head + rateHeight + rateFoot,
    padding: [head, rightMargin, rateFoot, 0],
    scales: {
      x: { time: false },
      y: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 0) * 1.06)] },
    },
    axes: [
      { ...axis, size: 0, values: () => [] },
      { ...axis, size: axisWidth, space: 40 },
    ],
    series: [{}, { stroke: 'transparent', width: 0, points: { show: false } }],
    hooks: { drawAxes: [area], draw: [marks], setSelect: [select], setCursor: [point] },
  };
}

/** Options of the plot of latencies: p99, slowest, p50, on a logarithmic axis that does not change with the zoom. */
export function latencyOptions(
  data: PictureData,
  width: number,
  syncKey: string,
  controls: Controls,
): uPlot.Options {
  const { select, point, ...shared } = common(width, syncKey, controls);
  const { p50Ms, p99Ms, maxMs } = data.latency;
  const [low, high] = decadesAround([...p50Ms, ...p99Ms, ...maxMs]);
  const decades = decadesBetween(low, high);
  const bands: Hook = (plot) => {
    const canvas = canvasOf(plot);
    inside(canvas, () => drawBands(canvas, data.bands));
  };
  const events: Hook = (plot) => {
    const canvas = canvasOf(plot);
    inside(canvas, () => drawBandEdges(canvas, data.bands));
    restoringState(canvas, () => drawEvents(canvas, data.events, false));
  };
  const paths = uPlot.paths.stepped!({ align: 1 });
  const line = { paths, points: { show: false }, spanGaps: false };
  return {
    ...shared,
    height: 6 + latencyHeight + timeAxisHeight,
    padding: [6, rightMargin, 0, 0],
    scales: { x: { time: false }, y: { distr: 3, range: [low, high] } },
    axes: [
      timeAxis,
      { ...axis, size: axisWidth, splits: () => decades, values: (_plot, splits) => splits.map(latencyText) },
    ],
    series: [
      {},
      { ...line, stroke: property('--p99'), width: 1.5 },
      { ...line, stroke: property('--soft'), width: 1, dash: [2, 3] },
      { ...line, stroke: property('--ink'), width: 2 },
    ],
    hooks: { drawAxes: [bands], draw: [events], setSelect: [select], setCursor: [point] },
  };
}
