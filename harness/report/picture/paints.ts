import { outcomes, type Outcome } from '../../traffic/timeline.ts';
import { clusterHues } from './series.ts';

/** A paint for light and dark pages, with an optional pattern: SVG path data on a tile of {@link tile} pixels. */
export interface Paint {
  light: string;
  dark: string;
  pattern?: { path: string; stroke: number };
}

/** Side of the tile of a pattern, in CSS pixels. */
export const tile = 6;

/**
 * Answers have cool, plain colours: a hue for each cluster, with different lightness for neighbours. Failures have warm colours
 * and different patterns, so that they differ without colour. `paints.test.ts` checks that answers differ from failures for
 * the three kinds of colour blindness.
 */
const clusters: Paint[] = [
  { light: '#2a6cb8', dark: '#4f8fdb' },
  { light: '#6fc3d8', dark: '#8fd9ea' },
  { light: '#5a4fa8', dark: '#7f74d6' },
  { light: '#a3b8dd', dark: '#bccbe8' },
  { light: '#2a9aa2', dark: '#3fb0b8' },
];

const failures: Record<Exclude<Outcome, 'ok'>, Paint> = {
  denied: { light: '#9a5b12', dark: '#c98a3c', pattern: { path: 'M3 2V4', stroke: 2 } },
  noHealthyUpstream: {
    light: '#d9480f',
    dark: '#ff8a4c',
    pattern: { path: 'M0 0L6 6M-1 5L1 7M5 -1L7 1', stroke: 1.4 },
  },
  noRoute: { light: '#a61e4d', dark: '#b8375f', pattern: { path: 'M0 3H6M3 0V6', stroke: 1 } },
  upstreamReset: { light: '#c92a2a', dark: '#ff6b6b' },
  upstreamTimeout: {
    light: '#e8930c',
    dark: '#ffb84d',
    pattern: { path: 'M0 6L6 0M-1 1L1 -1M5 7L7 5', stroke: 1.4 },
  },
  tlsFailure: { light: '#c2255c', dark: '#e0457b', pattern: { path: 'M0 0L6 6M0 6L6 0', stroke: 1 } },
  connectFailure: { light: '#862e0c', dark: '#d9703f', pattern: { path: 'M0 3H6', stroke: 1.6 } },
  clientTimeout: { light: '#f0b400', dark: '#ffe066', pattern: { path: 'M3 0V6', stroke: 1.6 } },
  appError: { light: '#e8590c', dark: '#ff922b', pattern: { path: 'M0 1.5H3M3 4.5H6', stroke: 3 } },
};

/** Every paint by its name: `ok-0` …, `ok-none` and the failing outcomes. */
export const paints: Readonly<Record<string, Paint>> = {
  ...Object.fromEntries(clusters.slice(0, clusterHues).map((paint, index) => [`ok-${index}`, paint])),
  'ok-none': { light: '#8b949e', dark: '#8b949e' },
  ...failures,
};

/** The names of the paints of failures, in the order of outcomes. */
export const failurePaints: readonly string[] = outcomes.filter((one) => one !== 'ok');
