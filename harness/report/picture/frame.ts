/** The sizes of a picture in CSS pixels, for the still and for the plots of the script. */

/** Left of the plots, for the labels of the value axis. Both plots use it, so that their time axes line up. */
export const axisWidth = 54;
export const rateHeight = 190;
export const latencyHeight = 120;
/** Below the latency, for the labels of the time axis. */
export const timeAxisHeight = 26;
/** Right of the plots, for half of the last label of the time axis. */
export const rightMargin = 14;
/** One row of labels of bands. */
export const labelRow = 18;
/** The row of the numbers of events. */
export const markRow = 20;
export const mostLabelRows = 2;
/** Below the plot of requests, for the lower half of its lowest label. */
export const rateFoot = 7;
/** The least visible height: a single failure among thousands of answers must be visible. */
export const leastHeight = 2;

/** Height above the plot of requests, for labels of bands and numbers of events. */
export function headHeight(bands: number, events: number): number {
  return Math.min(bands, mostLabelRows) * labelRow + (events > 0 ? markRow : 0) + 4;
}
