import type { Experiment } from './experiment.ts';
import { appendix } from './html/appendix.ts';
import { experimentStyle } from './html/experiment-style.ts';
import { patternDefinitions, type Pictures } from './html/experiments.ts';
import type { Markup } from './html/markup.ts';
import { pageText } from './html/page.ts';
import { promisesByTopic } from './html/promises.ts';
import { pageScript, plotStyle } from './html/script.ts';
import { style } from './html/style.ts';
import { summary } from './html/summary.ts';
import { timeSpent } from './html/time-spent.ts';
import { topology } from './html/topology.ts';
import { paints } from './picture/paints.ts';
import type { Report } from './schema.ts';

/**
 * The report as one self-contained HTML document; `experiments` are the data of its pictures, by the file that the report
 * names. Without pictures there is no script in it. Pure: the same report gives the same text.
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
