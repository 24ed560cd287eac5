const light = `
  --page: #fcfcfa; --panel: #ffffff; --part: #f3f3ef; --line: #dcdcd5; --faint: #ecece6;
  --ink: #1c1e21; --soft: #5a5f66; --link: #23508e; --wire: #3b679f;
  --pass: #1b7546; --fail: #b42318; --error: #8a5a00; --skipped: #666c74;
  --band: #d7e6db; --fail-tint: #fdf3f1; --error-tint: #fcf6e8;
`;
const dark = `
  --page: #15171a; --panel: #1c1f23; --part: #262a2f; --line: #3a3f46; --faint: #2a2e33;
  --ink: #e8e8e4; --soft: #a3a9b1; --link: #8fb8f0; --wire: #7fa8dd;
  --pass: #5cc28b; --fail: #ff8a7a; --error: #e2b04a; --skipped: #9aa1a9;
  --band: #29473a; --fail-tint: #2a1d1c; --error-tint: #292315;
`;

/** The style sheet of the report: system fonts, one column, light and dark, for widths from 320 px. */
export const style = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
main > section { margin-top: 4rem; }
p, ul, ol, dl, pre { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; border-radius: 4px; }
code, pre, .mono, .id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: .9em; overflow-wrap: anywhere; }
h2 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.3; font-weight: 650; }
.lead, .note, .facts { color: var(--soft); }
.note { font-size: .875rem; margin-top: .75rem; }

.brand { font-weight: 650; margin-bottom: 2.5rem; }
.brand span { color: var(--soft); font-weight: 400; margin-left: .5rem; overflow-wrap: anywhere; }
h1 { display: flex; gap: .9rem; align-items: center; margin: 0 0 .75rem; font-size: clamp(1.6rem, 5vw, 2.4rem); line-height: 1.2; font-weight: 680; letter-spacing: -.015em; }
h1 .sign { width: 1.15em; height: 1.15em; flex: none; }
header .reason a { white-space: nowrap; }
header .reason { font-size: 1.125rem; max-width: 46rem; overflow-wrap: anywhere; white-space: pre-line; }
.facts { margin-top: .5rem; font-size: .9375rem; }
.facts span { display: inline-block; max-width: 100%; }
.counts { margin-top: 2rem; }
.proportions { display: block; width: 100%; height: 8px; border-radius: 4px; }
.counts ul { display: flex; flex-wrap: wrap; gap: .5rem 1.75rem; margin-top: .9rem; }
.counts li { display: flex; align-items: center; gap: .45rem; }

.sign { width: 1.15rem; height: 1.15rem; flex: none; vertical-align: -.2rem; }
.sign path { fill: none; stroke: var(--page); stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
.pass { fill: var(--pass); } .fail { fill: var(--fail); } .error { fill: var(--error); } .skipped { fill: var(--skipped); }

.picture { margin-top: 1.5rem; }
.picture svg { display: block; width: 100%; height: auto; max-width: 60rem; }
.picture.alone { max-width: 30rem; }
.picture .tall { display: none; }
.picture text { fill: var(--ink); font-size: 13px; font-family: inherit; }
.picture .small { fill: var(--soft); font-size: 12px; }
.picture .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 11px; }
.picture .name { font-size: 17px; font-weight: 650; }
.picture .strong { font-weight: 650; }
.picture .network { fill: none; stroke: var(--line); stroke-dasharray: 6 4; }
.picture .cluster { fill: var(--panel); stroke: var(--line); }
.picture .part, .picture .link { fill: var(--part); }
.picture .part.none { fill: none; stroke: var(--faint); }
.picture .link { stroke: var(--wire); }
.picture .pod { fill: var(--wire); }
.picture .wire { fill: none; stroke: var(--wire); stroke-width: 1.75; }
.picture .discovery { stroke-dasharray: 4 4; }
.plain { margin-top: 1rem; color: var(--soft); font-size: .9375rem; }
.plain > summary { cursor: pointer; }
.scroll { overflow-x: auto; margin-top: .75rem; }
table { border-collapse: collapse; color: var(--ink); font-size: .875rem; }
th, td { text-align: left; padding: .45rem 1.25rem .45rem 0; border-bottom: 1px solid var(--faint); white-space: nowrap; font-weight: 400; }
thead th { color: var(--soft); }
tbody th { font-weight: 600; }
tbody td:last-child { white-space: normal; min-width: 10rem; }

.faults { margin-top: 1rem; width: 100%; }
.faults th, .faults td { white-space: normal; vertical-align: top; }
.faults tbody th { font-weight: 400; width: 44%; }
.faults td { font-variant-numeric: tabular-nums; }
.faults td:nth-child(2) .number { white-space: nowrap; }
.faults tbody td:last-child { color: var(--soft); min-width: 8rem; padding-right: 0; }
.faults .label { display: none; }
.faults .id { margin-left: .5rem; }
.faults .title, .faults .path, .faults .why, .faults .line { display: block; overflow-wrap: anywhere; }
.faults .title { font-weight: 600; }
.faults .path { color: var(--soft); }
.faults .why { margin-top: .3rem; padding-left: .75rem; border-left: 3px solid var(--error); }
.faults .fail .why { border-color: var(--fail); }
.faults .missed .number { color: var(--fail); font-weight: 600; }
.faults .none { color: var(--soft); }

.topic { margin-top: 2.25rem; }
h3 { margin: 0 0 .6rem; font-size: 1.0625rem; font-weight: 650; }
h3 span { color: var(--soft); font-weight: 400; font-size: .9375rem; margin-left: .5rem; }
.promise { fill: none; border-top: 1px solid var(--line); }
.topic .promise:last-child { border-bottom: 1px solid var(--line); }
.promise > summary { display: grid; grid-template-columns: 8rem 4.5rem 1fr auto 1rem; gap: .25rem .75rem; align-items: baseline; padding: .8rem .25rem; cursor: pointer; list-style: none; }
.promise > summary::-webkit-details-marker { display: none; }
.promise > summary::after { content: "+"; color: var(--soft); text-align: right; }
.promise[open] > summary::after { content: "–"; }
.promise > summary:hover .title { text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: .25em; }
.verdict { white-space: nowrap; font-size: .9375rem; font-weight: 600; }
.pass .verdict { color: var(--pass); } .fail .verdict { color: var(--fail); } .error .verdict { color: var(--error); } .skipped .verdict { color: var(--skipped); }
.id { font-size: .875rem; color: var(--soft); white-space: nowrap; }
.title { overflow-wrap: anywhere; }
.fail > summary .title, .error[open] > summary .title { font-weight: 600; }
.took { color: var(--soft); font-size: .875rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.inside { padding: .25rem .25rem 1.75rem; margin-left: 8.75rem; max-width: 46rem; }
.inside .reason { overflow-wrap: anywhere; white-space: pre-line; }
.inside ul.reason { white-space: normal; list-style: disc; padding-left: 1.1rem; }
.fail .inside > .reason, .error .inside > .reason { padding: .75rem 1rem; border-left: 3px solid var(--fail); background: var(--fail-tint); }
.error .inside > .reason { border-color: var(--error); background: var(--error-tint); }
.cause { margin-top: .9rem; overflow-wrap: anywhere; } .cause pre { margin-top: .5rem; font-size: .875rem; } .cause .note { margin-top: .4rem; }
.again { margin-top: 1.5rem; color: var(--soft); } .again > summary { cursor: pointer; } .again .measurements { color: var(--ink); }
.inside:empty { display: none; }

.measurements { margin-top: 1.5rem; display: grid; gap: 1.25rem; }
h4 { display: flex; flex-wrap: wrap; align-items: baseline; column-gap: .75rem; margin: 0 0 .2rem; font-size: .9375rem; font-weight: 600; }
.allowed { color: var(--soft); font-weight: 400; font-size: .875rem; }
.measurement li { display: grid; grid-template-columns: 7.5rem minmax(4rem, 1fr) 12.5rem; column-gap: 1rem; align-items: center; font-size: .875rem; min-height: 1.75rem; }
.measurement .long li { grid-template-columns: 13rem minmax(4rem, 1fr) 12.5rem; padding: .2rem 0; line-height: 1.35; }
.measurement li > .allowed { grid-column: 2 / 4; }
.scope { color: var(--soft); overflow-wrap: anywhere; }
.value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.miss { color: var(--fail); font-weight: 600; white-space: nowrap; }
.measurement .plot { display: block; width: 100%; height: 20px; overflow: visible; }
.measurement .plot .track { fill: var(--faint); }
.measurement .plot .band { fill: var(--band); }
.measurement .plot .end { stroke: var(--pass); stroke-width: 1.5; }
.measurement .plot .bar, .measurement .plot .dot { fill: var(--ink); }
.measurement .plot .dot { stroke: var(--page); stroke-width: 1.5; }
.missed .plot .bar, .missed .plot .dot { fill: var(--fail); }

.about { margin-top: 1.5rem; font-size: .9375rem; display: grid; gap: .3rem; }
.about > div { display: grid; grid-template-columns: 7.5rem 1fr; gap: 1rem; }
.about dt { color: var(--soft); overflow-wrap: anywhere; }
.about dd { margin: 0; overflow-wrap: anywhere; }
.reference { display: block; }

.spent { display: block; width: 100%; height: 12px; }
.spent.total { height: 20px; margin-top: 1.25rem; border-radius: 4px; }
.waiting { fill: var(--wire); } .working { fill: var(--skipped); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-top: .6rem; font-size: .875rem; color: var(--soft); }
.legend li::before { content: ""; display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .45rem; background: var(--wire); }
.legend .working::before { background: var(--skipped); }
.slowest { margin-top: 1.75rem; display: grid; gap: .35rem; font-size: .875rem; }
.slowest li { display: grid; grid-template-columns: 4.5rem 1fr 5.5rem; gap: .75rem; align-items: center; }
pre { margin-top: .75rem; padding: .9rem 1rem; background: var(--part); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }

@media (max-width: 46rem) {
  main { padding: 1.5rem 1rem 4rem; }
  main > section { margin-top: 3rem; }
  .brand { margin-bottom: 1.75rem; }
  .faults thead { display: none; }
  .faults, .faults tbody, .faults tr, .faults th, .faults td { display: block; width: auto; }
  .faults tr { border-bottom: 1px solid var(--line); padding: .6rem 0; }
  .faults tbody th, .faults td { border: 0; padding: .15rem 0; width: auto; }
  .faults td { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: .75rem; }
  .faults .none { display: none; }
  .faults .label { display: inline; color: var(--soft); }
  .picture .wide { display: none; }
  .picture .tall { display: block; }
  .picture svg { max-width: 30rem; }
  .promise > summary { grid-template-columns: auto 1fr auto 1rem; row-gap: .35rem; }
  .promise > summary .title { grid-column: 1 / -1; grid-row: 2; }
  .inside { margin-left: 0; }
  .measurement li, .measurement .long li { grid-template-columns: minmax(0, 1fr) auto; padding-bottom: .35rem; }
  .measurement .plot { grid-column: 1 / -1; grid-row: 2; }
  .measurement li > .allowed { grid-column: 1 / -1; }
  .about > div { grid-template-columns: 1fr; gap: 0; }
  .about { gap: .7rem; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print { .promise > summary::after { content: none; } main { max-width: none; padding: 0; } }
`;
