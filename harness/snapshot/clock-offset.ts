import type { ClockReading } from '../kube/kube-reader.ts';
import type { Clock } from './schema.ts';

/** A Date header is cut to whole seconds: the clock was up to this much further. */
const cutMs = 1_000;

/**
 * The offset of a clock from the clock of this machine. The server made each answer between sending and receiving, at a time between
 * `date` and `date` + 1 s. So the offset is between date − received and date + 1 s − sent. The result is the intersection of these
 * intervals (Marzullo's algorithm for sources that are all correct). If the intersection is empty, the clock was set meanwhile, and
 * the result is the whole range. Undefined without a reading.
 */
export function clockOffset(
  readings: readonly ClockReading[],
  of: Pick<Clock, 'of' | 'name'>,
): Clock | undefined {
  const intervals = readings.flatMap(({ date, sentMs, receivedMs }) => {
    const dateMs = Date.parse(date ?? '');
    return Number.isNaN(dateMs) ? [] : [{ low: dateMs - receivedMs, high: dateMs + cutMs - sentMs }];
  });
  if (intervals.length === 0) return undefined;
  const lows = intervals.map(({ low }) => low);
  const highs = intervals.map(({ high }) => high);
  const common = { low: highest(lows), high: lowest(highs) };
  const { low, high } = common.low <= common.high ? common : { low: lowest(lows), high: highest(highs) };
  const by = `Date header of ${intervals.length} answer${intervals.length === 1 ? '' : 's'}`;
  return { ...of, offsetMs: Math.round((low + high) / 2), errorMs: Math.ceil((high - low) / 2), by };
}

/** The shortest time from question to answer, in milliseconds. */
export const shortestRoundTrip = (readings: readonly ClockReading[]): number =>
  lowest(readings.map(({ sentMs, receivedMs }) => receivedMs - sentMs));

const lowest = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.min(a, b), Infinity);
const highest = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b), -Infinity);
