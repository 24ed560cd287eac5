import { slotsOf, type Experiment } from '../experiment.ts';
import { trusted, type Markup } from '../page/markup.ts';
import { rowsOf } from './series.ts';

/** What the page's script draws a picture from. */
export interface PictureData {
  slotMs: number;
  slots: number;
  /** Where the time axis ends: after the last slot, and after the last answer, band and event that belong to it. */
  endMs: number;
  ratePerSecond: number;
  rows: { name: string; paint: string; failed: boolean; faded: boolean; counts: readonly number[] }[];
  latency: Experiment['buckets']['latency'];
  events: Experiment['events'];
  bands: Experiment['bands'];
}

/** The data of a picture; `clusters` are the mesh's, in its order. */
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

/** A band may end with an answer to the last request, so after the last slot; one that has no end must not hide the rest. */
const mostBeyond = 1.5;

function endOf({ buckets, events, bands }: Pick<Experiment, 'buckets' | 'events' | 'bands'>): number {
  const slotsEndMs = Math.max(slotsOf(buckets), 1) * buckets.widthMs;
  const told = [...bands.map(({ toMs }) => toMs), ...events.map(({ atMs }) => atMs)];
  return Math.min(Math.max(slotsEndMs, ...told), mostBeyond * slotsEndMs);
}

/**
 * JSON in a `script` element that is data: no `<` can end or begin a tag in it, and the two line ends that JSON allows in
 * strings and older JavaScript does not are written as escapes.
 */
export function jsonElement(value: unknown): Markup {
  const text = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return trusted(`<script type="application/json">${text}</script>`);
}

/** Three digits or a tenth of a millisecond: more is not seen, and fills the page. */
function shortened(ms: number | null): number | null {
  return ms === null ? null : ms >= 100 ? Math.round(ms) : Math.round(ms * 10) / 10;
}
