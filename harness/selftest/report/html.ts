import { appendix } from '../../report/page/appendix.ts';
import { html, type Markup } from '../../report/page/markup.ts';
import { pageText } from '../../report/page/page.ts';
import { style } from '../../report/page/style.ts';
import { utc } from '../../report/page/summary.ts';
import { verdictSign } from '../../report/page/verdicts.ts';
import { duration } from '../../report/plain-text.ts';
import { capitalized } from '../../report/topics.ts';
import { byFamily, countsOf, verdictOrder, verdictWords, type Counts } from './counts.ts';
import { rowMarkup, signs } from './row.ts';
import type { Selftest } from './schema.ts';
import { selftestStyle } from './style.ts';

/** A self-test as one self-contained HTML document without a script. Pure: the same self-test gives the same text. */
export function selftestHtml(selftest: Selftest): string {
  const counts = countsOf(selftest);
  return pageText({
    title: `${headline(selftest, counts)} · ${selftest.run} · meshproof`,
    css: `${style}\n${selftestStyle}`,
    main: [summary(selftest, counts), matrix(selftest), healthy(selftest), appendix(selftest, files)],
  });
}

function headline({ verdict, rows }: Selftest, { verdicts }: Counts): string {
  if (verdict === 'pass') return `All ${rows.length} defects are named`;
  if (verdict === 'error') return 'The self-test could not be fully judged';
  return verdicts.named === rows.length
    ? 'A promise is kept that a defect has to break'
    : `${verdicts.named} of ${rows.length} defects are named`;
}

function summary(selftest: Selftest, counts: Counts): Markup {
  const { run, verdict, reason, rows, mesh, startedAt, finishedAt, defects } = selftest;
  const tookMs = Date.parse(finishedAt) - Date.parse(startedAt);
  const lab = mesh?.lab ? [`lab ${mesh.lab}`] : [];
  const facts = [...(mesh ? [mesh.meshId] : []), ...lab, utc(startedAt), duration(tookMs)];
  return html`<header>
    <p class="brand">meshproof self-test <span>${run}</span></p>
    <h1>${verdictSign(verdict)}<span>${headline(selftest, counts)}</span></h1>
    <p class="reason">${reason}</p>
    <p class="facts">${facts.map((fact, index) => [index > 0 && ' · ', html`<span>${fact}</span>`])}</p>
    <div class="counts">
      <ul>
        ${verdictOrder
          .filter((one) => counts.verdicts[one] > 0)
          .map(
            (one) =>
              html`<li>${verdictSign(signs[one])} <b>${counts.verdicts[one]}</b> ${verdictWords[one]}</li>`,
          )}
      </ul>
    </div>
    ${rows.length < defects && html`<p class="note">${rows.length} of ${defects} chosen defects were tried.</p>`}
    ${rows.length > 0 && results(counts)}
  </header>`;
}

/** The results of the doctor, the promises and istioctl. */
function results({ verdicts, silent, outcomes, looked, withOthers, istioctl }: Counts): Markup {
  const { broken, kept, notJudged, uncounted } = outcomes;
  const lines: [string, string][] = [
    ['The doctor names the defect as the first cause', `${verdicts.named} of ${looked}`],
    ['… of silent defects (traffic still works)', `${silent.named} of ${silent.all}`],
    ['… with further causes', `${withOthers} of ${verdicts.named}`],
    ['Promises that have to break are broken', `${broken} of ${broken + kept + notJudged + uncounted}`],
  ];
  if (istioctl.asked > 0) {
    lines.push(['istioctl prints new lines', `${istioctl.noticed} of ${istioctl.asked}`]);
    lines.push(['… prints only fewer lines', `${istioctl.onlyLess} of ${istioctl.asked}`]);
    for (const [command, count] of istioctl.byCommand)
      lines.push([`… istioctl ${command}`, `${count} of ${istioctl.asked}`]);
  } else lines.push(['istioctl', 'not run']);
  return html`<table class="sides">
    <tbody>
      ${lines.map(
        ([measure, number]) =>
          html`<tr>
            <th scope="row">${measure}</th>
            <td>${number}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function matrix({ rows }: Selftest): Markup {
  return html`<section aria-labelledby="defects">
    <h2 id="defects">Defects</h2>
    <p class="lead">
      The self-test puts each defect alone into a healthy mesh, proves it, examines the mesh and heals it. The
      code is that of the first cause.
    </p>
    ${byFamily(rows).map(
      ([family, own]) =>
        html`<section class="topic">
          <h3>
            ${capitalized(family)}
            <span>${own.filter(({ verdict }) => verdict === 'named').length} of ${own.length} named</span>
          </h3>
          ${own.map(rowMarkup)}
        </section>`,
    )}
  </section>`;
}

/** The results on the healthy mesh, before the first defect. */
function healthy({ healthy }: Selftest): Markup {
  const { promises, istioctl, seconds } = healthy;
  const notKept = promises.filter(({ verdict }) => verdict !== 'pass');
  const held = `${promises.length - notKept.length} of the ${promises.length} listed promises are kept`;
  return html`<section aria-labelledby="healthy">
    <h2 id="healthy">The healthy mesh</h2>
    <p class="lead">${held}. The checks took ${duration(seconds * 1000)}.</p>
    ${
      notKept.length > 0 &&
      html`<ul class="plain">
        ${notKept.map(({ id, verdict, reason }) => html`<li><b>${id}</b> ${verdict}: ${reason}</li>`)}
      </ul>`
    }
    ${
      istioctl &&
      html`<details class="plain">
        <summary>Output of istioctl for the healthy mesh in ${istioctl[0]?.rounds ?? 0} runs</summary>
        ${istioctl.map(({ command, cluster, lines }) => html`<pre><code>${`# ${cluster}: istioctl ${command}\n${lines.join('\n')}`}</code></pre>`)}
      </details>`
    }
  </section>`;
}

const files = html`<a href="selftest.json">selftest.json</a> for programs, <code>snapshots/</code> with the
  snapshot of each defect, and <code>promises/</code> with the reports of the promises`;
