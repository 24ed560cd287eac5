import { createHash } from 'node:crypto';
import type { Experiment } from './experiment.ts';
import { appendix } from './html/appendix.ts';
import { experimentStyle } from './html/experiment-style.ts';
import { patternDefinitions, type Pictures } from './html/experiments.ts';
import { html, trusted, type Markup } from './html/markup.ts';
import { promisesByTopic } from './html/promises.ts';
import { pageScript, plotStyle } from './html/script.ts';
import { style } from './html/style.ts';
import { summary } from './html/summary.ts';
import { timeSpent } from './html/time-spent.ts';
import { topology } from './html/topology.ts';
import { paints } from './picture/paints.ts';
import type { Report } from './schema.ts';

/** No network, and of styles and scripts only ours: what a cluster says can change nothing but text. */
const policyOf = (css: string, script: string | undefined) =>
  [
    "default-src 'none'",
    `style-src 'sha256-${sha256(css)}'`,
    ...(script === undefined ? [] : [`script-src 'sha256-${sha256(script)}'`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/**
 * The report as one self-contained HTML document; `experiments` are the data of its pictures, by the file that the report
 * names. Without pictures there is no script in it. Pure: the same report gives the same text.
 */
export function reportHtml(report: Report, experiments: ReadonlyMap<string, Experiment> = new Map()): string {
  const pictured = experiments.size > 0;
  const css = pictured ? `${style}\n${plotStyle}\n${experimentStyle}` : style;
  const script = pictured ? pageScript : undefined;
  // Apart from the page's template: its formatter may indent, but the hashes are of every character.
  const styleElement = trusted(`<style>${css}</style>`);
  const scriptElement = script === undefined ? false : trusted(`<script>${script}</script>`);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policyOf(css, script)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${titleOf(report)}</title>
        ${styleElement}
      </head>
      <body>
        <main>${body(report, { data: experiments, clusters: clusterNames(report) })}</main>
        ${pictured && [patternDefinitions(patterns), scriptElement]}
      </body>
    </html> `;
  return page.text;
}

const patterns = Object.entries(paints).flatMap(([name, { pattern }]) =>
  pattern ? [{ name, ...pattern }] : [],
);

function body(report: Report, pictures: Pictures): Markup[] {
  return [
    summary(report),
    topology(report.mesh),
    promisesByTopic(report.promises, pictures),
    timeSpent(report),
    appendix(report),
  ];
}

function clusterNames({ mesh }: Report): string[] {
  return mesh?.clusters.map(({ name }) => name) ?? [];
}

function titleOf({ verdict, run }: Report): string {
  return `${{ pass: 'Pass', fail: 'Fail', error: 'Could not judge' }[verdict]} · ${run} · meshproof`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
