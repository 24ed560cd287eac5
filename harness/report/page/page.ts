import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Experiment } from '../experiment.ts';
import { experimentStyle } from '../picture/experiment-style.ts';
import { patternDefinitions, type Pictures } from '../picture/experiments.ts';
import { paints } from '../picture/paints.ts';
import type { Report } from '../schema.ts';
import { appendix } from './appendix.ts';
import { html, trusted, type Value } from './markup.ts';
import { promisesByTopic } from './promises.ts';
import { style } from './style.ts';
import { summary } from './summary.ts';
import { timeSpent } from './time-spent.ts';
import { topology } from './topology.ts';
import { usersNotice } from './user-impact.ts';

const uplot = path.dirname(createRequire(import.meta.url).resolve('uplot'));
const read = (file: string) => readFileSync(file, 'utf8').trim();

/** The script of a page with pictures: uPlot with its licence, and the script that is built from harness/report/browser. */
export const pageScript = [
  `/*!\nuPlot, https://github.com/leeoniya/uPlot\n\n${read(path.join(uplot, '../LICENSE'))}\n*/`,
  read(path.join(uplot, 'uPlot.iife.min.js')),
  read(path.join(import.meta.dirname, 'page-script.js')),
].join('\n');

/** The style sheet of uPlot. */
const plotStyle = read(path.join(uplot, 'uPlot.min.css'));

/** A self-contained HTML document. */
export interface Page {
  title: string;
  css: string;
  /** Absent: the page does not allow scripts. */
  script?: string | undefined;
  main: Value;
  /** After `main`, before the script. */
  after?: Value;
}

/** The text of a page with one column, which does not use the network. */
export function pageText({ title, css, script, main, after }: Page): string {
  // Not in the template below: the formatter can change its indentation, but a hash covers every character.
  const styleElement = trusted(`<style>${css}</style>`);
  const scriptElement = script === undefined ? false : trusted(`<script>${script}</script>`);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policyOf(css, script)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body>
        <main>${main}</main>
        ${after} ${scriptElement}
      </body>
    </html> `;
  return page.text;
}

/** Forbids the network, and all styles and scripts except those of the page: text of a cluster stays text. */
const policyOf = (css: string, script: string | undefined) =>
  [
    "default-src 'none'",
    `style-src 'sha256-${sha256(css)}'`,
    ...(script === undefined ? [] : [`script-src 'sha256-${sha256(script)}'`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/**
 * The report as one self-contained HTML document. `experiments` has the data of its pictures, by the file that the report
 * names. A page without pictures does not have a script. Pure: the same report gives the same text.
 */
export function reportHtml(report: Report, experiments: ReadonlyMap<string, Experiment> = new Map()): string {
  const pictured = experiments.size > 0;
  return pageText({
    title: titleOf(report),
    css: pictured ? `${style}\n${plotStyle}\n${experimentStyle}` : style,
    script: pictured ? pageScript : undefined,
    main: body(report, { data: experiments, clusters: clusterNames(report) }),
    after: pictured && patternDefinitions(patterns),
  });
}

const patterns = Object.entries(paints).flatMap(([name, { pattern }]) =>
  pattern ? [{ name, ...pattern }] : [],
);

function body(report: Report, pictures: Pictures): Value[] {
  return [
    summary(report),
    usersNotice(report),
    topology(report.mesh),
    promisesByTopic(report.promises, pictures),
    timeSpent(report),
    appendix(report, files),
  ];
}

const files = html`<a href="report.json">report.json</a> for programs, <a href="junit.xml">junit.xml</a> for
  CI, and <a href="playwright/index.html">every step and error of the run</a>`;

function clusterNames({ mesh }: Report): string[] {
  return mesh?.clusters.map(({ name }) => name) ?? [];
}

function titleOf({ verdict, run }: Report): string {
  return `${{ pass: 'Pass', fail: 'Fail', error: 'Could not judge' }[verdict]} · ${run} · meshproof`;
}
