import { axisWidth, rightMargin } from '../picture/frame.ts';
import type { PictureData } from '../picture/picture-data.ts';
import { latencyLines, ratesPerStep, stepWidthMs, valuesPerStep } from '../picture/steps.ts';

/** The least width of a step in CSS pixels. */
const leastStepWidth = 2.5;

/** The visible window of a picture, and each row and latency of the whole recording in steps of one width. */
export interface View {
  fromMs: number;
  toMs: number;
  stepMs: number;
  rates: number[][];
  /** In the order of {@link latencyLines}. */
  latency: (number | null)[][];
}

/** The window from `fromMs` to `toMs`, within the recording and not too narrow, in steps that fit a figure of `width`. */
export function viewOf(data: PictureData, fromMs: number, toMs: number, width: number): View {
  const { slots, slotMs, endMs, rows, latency, ratePerSecond } = data;
  const least = Math.min(4 * slotMs, endMs);
  const from = Math.max(0, Math.min(fromMs, endMs - least));
  const to = Math.min(endMs, Math.max(toMs, from + least));
  const mostSteps = (width - axisWidth - rightMargin) / leastStepWidth;
  const stepMs = stepWidthMs(slotMs, to - from, mostSteps, ratePerSecond);
  return {
    fromMs: from,
    toMs: to,
    stepMs,
    rates: rows.map(({ counts }) => ratesPerStep(counts, slots, slotMs, stepMs)),
    latency: latencyLines.map(([name, , choice]) =>
      valuesPerStep(latency[name], slots, slotMs, stepMs, choice),
    ),
  };
}

/** The sum of all rows, which sets the scale of the plot of requests. */
export function rateData(data: PictureData, { rates, stepMs }: View): uPlot.AlignedData {
  const count = rates[0]?.length ?? 0;
  const sums = Array.from({ length: count }, (_, step) => rates.reduce((sum, row) => sum + row[step]!, 0));
  return [times(data, count, stepMs), [...sums, sums[count - 1] ?? 0, null]];
}

/** The lines of the plot of latencies. */
export function latencyData(data: PictureData, { latency, stepMs }: View): uPlot.AlignedData {
  const count = latency[0]?.length ?? 0;
  const lines = latency.map((row) => [...row, row[count - 1] ?? null, null]);
  return [times(data, count, stepMs), ...lines];
}

/** The begin of each step, then the end of the last step and the end of the axis. */
function times({ slots, slotMs, endMs }: PictureData, count: number, stepMs: number): number[] {
  return [...Array.from({ length: count }, (_, step) => step * stepMs), slots * slotMs, endMs + 1];
}
