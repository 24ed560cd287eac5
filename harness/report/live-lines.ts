import { stripVTControlCharacters, styleText } from 'node:util';
import type { Buckets, TimelineEvent } from '../traffic/timeline.ts';
import { slotsOf } from './experiment.ts';
import { type Row, rowsOf } from './picture/series.ts';
import { latencyText } from './picture/steps.ts';
import { quantity } from './plain-text.ts';

/** The state of a load at a moment. */
export interface LiveView {
  buckets: Buckets;
  /** In order of `atMs`. */
  events: readonly TimelineEvent[];
  /** Now, on the timeline's clock. */
  nowMs: number;
  /** The clusters of the mesh, in its order, which decides the colours as in the report. */
  clusters: readonly string[];
}

export interface LiveLayout {
  /** Columns of the terminal; no line is longer. */
  width: number;
  /** See wantsColors: a terminal, and no NO_COLOR. */
  colors: boolean;
}

/** The time windows of the curves, the shares and the rates in milliseconds. */
const [windowMs, sharesMs, rateMs] = [60_000, 5_000, 2_000];
const mostEvents = 3;
const valueWidth = 9;
const blocks = [...'▁▂▃▄▅▆▇█'];

type Color = Parameters<typeof styleText>[0];
interface Line {
  text: string;
  color?: Color;
}

const okColors: Color[] = ['blue', 'cyan', 'magenta', 'blueBright', 'cyanBright'];
const failureColors: Partial<Record<string, Color>> = {
  denied: 'yellow',
  noHealthyUpstream: 'redBright',
  upstreamTimeout: 'yellowBright',
  clientTimeout: 'yellow',
};

/**
 * The last minute of a load for a terminal: a curve for the answers of each cluster, for each failure and for p99, the
 * events, and the shares of the last seconds. All curves of requests have the same scale. A column without a request is
 * blank, so a single failure is visible. p99 is logarithmic. Pure.
 */
export function liveLines(view: LiveView, { width, colors }: LiveLayout): string[] {
  const rows = rowsOf(view.buckets, view.clusters).map((row) => ({ ...row, name: plain(row.name) }));
  const lines =
    rows.length === 0 ? [{ text: 'The load has not sent a request yet.' }] : curves(view, rows, width);
  return [...lines, ...shares(view, rows), ...latestEvents(view)].map(({ text, color }) => {
    const fitting = cut(text, width);
    return colors && color ? styleText(color, fitting, { validateStream: false }) : fitting;
  });
}

function curves(view: LiveView, rows: Row[], width: number): Line[] {
  const longest = Math.max(...rows.map(({ name }) => name.length));
  const nameWidth = Math.min(longest, Math.max(8, Math.floor(width / 3)));
  const columns = Math.max(8, width - nameWidth - valueWidth - 2);
  const line = (name: string, curve: string, value = '') =>
    `${cut(name, nameWidth).padEnd(nameWidth)} ${curve} ${value.padStart(valueWidth)}`;

  const rates = rows.map(({ counts }) =>
    perColumn(view, columns, (from, to) => sum(counts, from, to) / Math.max(1, to - from)),
  );
  const most = Math.max(...rates.flat()) || 1;
  const requests = rows.map((row, index) => ({
    text: line(
      row.name,
      rates[index]!.map((count) => block(count / most)).join(''),
      `${quantity(rateOf(view, row))}/s`,
    ),
    color: colorOf(row),
  }));
  const p99 = perColumn(view, columns, (from, to) => highest(view.buckets.latency.p99Ms, from, to));
  const latest = p99.findLast((ms) => ms > 0);
  return [
    ...requests,
    { text: line('p99', latencyCurve(p99), latest === undefined ? '' : latencyText(latest)) },
    ...(view.events.length > 0 ? [{ text: line('', eventMarks(view, columns)) }] : []),
    { text: line('', axis(columns)), color: 'gray' },
  ];
}

/** Divides the window into `columns` parts and applies `value` to the slots of each part. A part can have 0 slots. */
function perColumn(
  { buckets, nowMs }: LiveView,
  columns: number,
  value: (fromSlot: number, toSlot: number) => number,
): number[] {
  const slotAt = (ms: number) => Math.max(0, Math.round(ms / buckets.widthMs));
  const begin = (column: number) => slotAt(nowMs - windowMs + (column * windowMs) / columns);
  return Array.from({ length: columns }, (_, column) => value(begin(column), begin(column + 1)));
}

function sum(counts: readonly number[], from: number, to: number): number {
  return counts.slice(from, to).reduce((all, count) => all + count, 0);
}

function highest(values: readonly (number | null)[], from: number, to: number): number {
  return values.slice(from, to).reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

/** Requests a second in the last complete slots. */
function rateOf({ buckets, nowMs }: LiveView, { counts }: Row): number {
  const to = Math.min(Math.floor(nowMs / buckets.widthMs), slotsOf(buckets));
  const from = Math.max(0, to - Math.round(rateMs / buckets.widthMs));
  return to > from ? (sum(counts, from, to) * 1000) / ((to - from) * buckets.widthMs) : 0;
}

function block(share: number): string {
  return share <= 0 ? ' ' : blocks[Math.min(blocks.length - 1, Math.floor(share * blocks.length))]!;
}

/** A logarithmic scale from 1 ms, the lowest block, to the slowest visible value. */
function latencyCurve(p99: readonly number[]): string {
  const most = Math.log10(Math.max(10, ...p99));
  return p99
    .map((ms) => (ms <= 0 ? ' ' : block(Math.max(0.01, Math.log10(Math.max(1, ms)) / most))))
    .join('');
}

function eventMarks({ events, nowMs }: LiveView, columns: number): string {
  const marks = Array.from({ length: columns }, () => ' ');
  for (const { atMs } of events) {
    const column = Math.floor(((atMs - nowMs + windowMs) * columns) / windowMs);
    if (column >= 0 && column < columns) marks[column] = '▲';
  }
  return marks.join('');
}

function axis(columns: number): string {
  const [left, right] = [`${windowMs / 1000} s ago`, 'now'];
  return columns < left.length + right.length + 1 ? '' : left.padEnd(columns - right.length) + right;
}

/** `last 5 s: 98 % ok from east, 2 % upstreamReset`. */
function shares({ buckets, nowMs }: LiveView, rows: Row[]): Line[] {
  const to = Math.floor(nowMs / buckets.widthMs) + 1;
  const from = Math.max(0, to - Math.round(sharesMs / buckets.widthMs));
  const counts = rows.map(({ name, counts }) => ({ name, count: sum(counts, from, to) }));
  const all = counts.reduce((total, { count }) => total + count, 0);
  const parts = counts
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count)
    .map(({ name, count }) => `${quantity((count / all) * 100)} % ${name}`);
  if (rows.length === 0) return [];
  return [{ text: `last ${sharesMs / 1000} s: ${parts.join(', ') || '0 requests'}` }];
}

function latestEvents({ events, nowMs }: LiveView): Line[] {
  return events
    .slice(-mostEvents)
    .map(({ atMs, label }) => ({ text: `▲ ${agoText(nowMs - atMs)}  ${plain(label)}`, color: 'gray' }));
}

function agoText(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s ago`;
}

function colorOf({ failed, paint }: Row): Color {
  if (failed) return failureColors[paint] ?? 'red';
  return okColors[Number(paint.replace('ok-', ''))] ?? 'gray';
}

/** Removes control characters: the names come from a cluster. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
