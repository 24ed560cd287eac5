import { slotsOf, type Experiment } from '../experiment.ts';
import { trusted, type Markup } from '../page/markup.ts';
import { rowsOf } from './series.ts';

/** The data from which the script of the page draws a picture. */
export interface PictureData {
  slotMs: number;
  slots: number;
  /** The end of the time axis: after the last slot, band and event. */
  endMs: number;
  ratePerSecond: number;
  rows: { name: string; paint: string; failed: boolean; faded: boolean; counts: readonly number[] }[];
  latency: Experiment['buckets']['latency'];
  events: Experiment['events'];
  bands: Experiment['bands'];
}

/** The data of a picture; `clusters` are the clusters of the mesh, in its order. */
export function pictureData(
  { buckets, load, events, bands }: Experiment,
  clusters: readonly string[],
): PictureData {
  const { p50Ms, p99Ms, maxMs } = buckets.latency;
  return {
    slotMs: buckets.widthMs,
    slots: slotsOf(buckets),
    endMs: endOf({ buckets, events, bands }),
    ratePerSecond: load.ratePerSecond,
    rows: rowsOf(buckets, clusters).map(({ total: _total, ...row }) => row),
    latency: { p50Ms: p50Ms.map(shortened), p99Ms: p99Ms.map(shortened), maxMs: maxMs.map(shortened) },
    events: events.toSorted((a, b) => a.atMs - b.atMs),
    bands,
  };
}

/** A band can end after the last slot, with the last answer. A band without an end must not hide the rest. */
const mostBeyond = 1.5;

function endOf({ buckets, events, bands }: Pick<Experiment, 'buckets' | 'events' | 'bands'>): number {
  const slotsEndMs = Math.max(slotsOf(buckets), 1) * buckets.widthMs;
  const ends = [...bands.map(({ toMs }) => toMs), ...events.map(({ atMs }) => atMs)];
  return Math.min(Math.max(slotsEndMs, ...ends), mostBeyond * slotsEndMs);
}

/**
 * JSON as data in a `script` element. `<` is escaped, so that the text cannot end the element. The two line ends that older
 * JavaScript does not allow in strings are also escaped.
 */
export function jsonElement(value: unknown): Markup {
  const text = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return trusted(`<script type="application/json">${text}</script>`);
}

/** Three digits or a tenth of a millisecond: more digits are not visible and make the page larger. */
function shortened(ms: number | null): number | null {
  return ms === null ? null : ms >= 100 ? Math.round(ms) : Math.round(ms * 10) / 10;
}
