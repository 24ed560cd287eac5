import { axisWidth, rightMargin } from './frame.ts';
import { paints } from './paints.ts';

const variables = (theme: 'light' | 'dark') =>
  Object.entries(paints)
    .map(([name, paint]) => `--paint-${name}: ${paint[theme]};`)
    .join(' ');

const fills = Object.entries(paints)
  .map(([name, { pattern }]) =>
    pattern
      ? `.paint-${name} { fill: url(#pattern-${name}); } .ground-${name} { fill: var(--paint-${name}); }`
      : `.paint-${name} { fill: var(--paint-${name}); }`,
  )
  .join('\n');

/** The colours of bands and lines. Outages are hatched and faults are plain, so that they differ without colour. */
const light = `--band-fault: #7a6a4f26; --band-outage: #b4231822; --label-fault: #665433; --label-outage: #9c1f15; --hatch: #ffffffb0; --select: #1c1e2118; --p99: #6b4fa0;`;
const dark = `--band-fault: #d8c49a26; --band-outage: #ff8a7a26; --label-fault: #d8c49a; --label-outage: #ff9e90; --hatch: #15171ab0; --select: #ffffff1c; --p99: #b79cf0;`;

/** The style sheet of the pictures of experiments, which follows that of the report. */
export const experimentStyle = `
:root { ${light} ${variables('light')} }
@media (prefers-color-scheme: dark) { :root { ${dark} ${variables('dark')} } }
${fills}
.patterns { position: absolute; }
.hatch { stroke: var(--hatch); fill: none; }
.faded { opacity: .55; }
.experiments { padding: 0 .25rem 1.75rem; display: grid; gap: 2.5rem; }
.experiment { margin: 0; min-width: 0; }
.experiment figcaption { margin-bottom: .75rem; overflow-wrap: anywhere; }
.experiment figcaption span { display: block; color: var(--soft); font-size: .875rem; }
.with-numbers { display: grid; grid-template-columns: minmax(0, 1fr) 14rem; gap: 1.5rem; align-items: start; }
.charts { min-width: 0; }
.axis-title { font-size: .8125rem; color: var(--soft); margin: .25rem 0; }
.still { display: grid; grid-template-columns: ${axisWidth}px minmax(0, 1fr); padding-right: ${rightMargin}px; }
.still[hidden] { display: none; }
.still .axis { width: ${axisWidth}px; overflow: visible; } .still .plot { width: 100%; overflow: hidden; }
.still text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.still .axis text { text-anchor: end; }
.still .grid { stroke: var(--faint); }
.still .event { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 3; opacity: .7; }
.still .mark { fill: var(--ink); font-weight: 600; font-size: 11px; }
.still .label-fault { fill: var(--label-fault); font-weight: 600; } .still .label-outage { fill: var(--label-outage); font-weight: 600; }
.edge-fault { stroke: var(--label-fault); } .edge-outage { stroke: var(--label-outage); }
.band-fault { fill: var(--band-fault); } .band-outage { fill: var(--band-outage); }
.line { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.p50Ms { stroke: var(--ink); stroke-width: 2; } .p99Ms { stroke: var(--p99); stroke-width: 1.5; } .maxMs { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 2; }
.rate, .latency { position: relative; min-width: 0; }
.latency > .uplot, .rate > .uplot { position: relative; }
.u-over { cursor: crosshair; touch-action: pan-y; }
.u-select { background: var(--select); }
.at { font-size: .8125rem; color: var(--soft); min-height: 1.5em; font-variant-numeric: tabular-nums; margin-top: .15rem; }
.zooms { display: flex; flex-wrap: wrap; gap: .4rem; margin: .35rem 0 .15rem; }
.zooms button { font: inherit; font-size: .8125rem; color: var(--ink); background: var(--part); border: 1px solid var(--line); border-radius: 999px; padding: .2rem .75rem; cursor: pointer; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.zooms button[aria-pressed="true"] { border-color: var(--link); color: var(--link); }
.zooms button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.key, .bands, .events { font-size: .875rem; display: grid; gap: .15rem 1.25rem; margin-top: .6rem; }
.key { grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
.key.lines { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); margin-top: .15rem; }
.key li, .bands li, .events li { display: grid; grid-template-columns: 1.4rem minmax(0, 1fr) auto; gap: .5rem; align-items: center; overflow-wrap: anywhere; }
.key .n, .bands .n, .events .n { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
.occurrences { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0 1.25rem; align-items: start; }
.failures { font-size: .875rem; margin-top: .6rem; } .failures summary { cursor: pointer; color: var(--soft); }
.failures ol { display: grid; gap: .15rem; margin-top: .4rem; max-height: 18rem; overflow-y: auto; }
.failures li { display: grid; grid-template-columns: 4.5rem minmax(0, 1fr); gap: .5rem; overflow-wrap: anywhere; }
.failures .n { color: var(--soft); text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.swatch { width: 1.4rem; height: 12px; border-radius: 2px; }
.events .number { font-size: .75rem; font-weight: 600; text-align: center; border: 1px solid var(--line); border-radius: 999px; line-height: 1.35; }
.numbers { font-size: .875rem; display: grid; gap: .6rem; border-left: 1px solid var(--line); padding-left: 1.25rem; }
.numbers li { display: grid; align-content: start; }
.numbers .name { color: var(--soft); overflow-wrap: anywhere; } .numbers b { font-size: 1.125rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.numbers .missed b { color: var(--fail); }
.missing { border-left: 3px solid var(--error); padding-left: .75rem; overflow-wrap: anywhere; }
@media (max-width: 46rem) {
  .with-numbers { grid-template-columns: minmax(0, 1fr); gap: 1rem; }
  .numbers { order: -1; border-left: 0; padding-left: 0; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
  .key, .occurrences { grid-template-columns: minmax(0, 1fr); }
}
`;
