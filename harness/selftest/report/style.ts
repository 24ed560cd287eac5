/** The styles of the page of a self-test, in addition to those of the report. */
export const selftestStyle = `
.sides { margin-top: 2rem; width: 100%; max-width: 40rem; }
.sides td { text-align: right; font-variant-numeric: tabular-nums; padding-right: 0; }
.sides td:last-child { min-width: 0; white-space: nowrap; }
.sides th { white-space: normal; font-weight: 400; }
.short { display: block; color: var(--soft); font-size: .875rem; font-weight: 400; overflow-wrap: anywhere; }
.short b { color: var(--ink); font-weight: 600; }
.inside h4 { margin-top: 1.5rem; }
.inside li { overflow-wrap: anywhere; }
.inside li + li { margin-top: .3rem; }
.parts { margin-top: .4rem; }
.parts td { text-align: right; font-variant-numeric: tabular-nums; }
.parts tbody td:last-child { min-width: 0; white-space: nowrap; }
@media (max-width: 46rem) { .promise > summary .id { text-align: right; } }
`;
