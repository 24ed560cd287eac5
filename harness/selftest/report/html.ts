import { html, type Markup, type Value } from '../../report/page/markup.ts';
import { pageText } from '../../report/page/page.ts';
import { style } from '../../report/page/style.ts';
import { utc } from '../../report/page/summary.ts';
import { verdictSign } from '../../report/page/verdicts.ts';
import { bytes, duration } from '../../report/plain-text.ts';
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
    main: [summary(selftest, counts), matrix(selftest), healthy(selftest), appendix(selftest)],
  });
}

function headline({ verdict, rows }: Selftest, { verdicts }: Counts): string {
  if (verdict === 'pass') return `All ${rows.length} defects are named`;
  if (verdict === 'error') return 'The self-test is incomplete';
  return verdicts.named === rows.length
    ? 'A promise passes that a defect has to break'
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
    ${rows.length > 0 && sides(counts)}
  </header>`;
}

/** The results of the doctor, the promises and istioctl. */
function sides({ verdicts, silent, outcomes, looked, withOthers, istioctl }: Counts): Markup {
  const { broken, kept, notJudged, uncounted } = outcomes;
  const lines: [string, string][] = [
    ['The doctor names the defect as the first cause', `${verdicts.named} of ${looked}`],
    ['… of silent defects, with which traffic still works', `${silent.named} of ${silent.all}`],
    ['… with other causes', `${withOthers} of ${verdicts.named}`],
    ['Promises that have to break, and do', `${broken} of ${broken + kept + notJudged + uncounted}`],
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
        ([what, number]) =>
          html`<tr>
            <th scope="row">${what}</th>
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
      Each defect was injected into a healthy mesh, verified, observed and healed. The code is the first cause
      of the doctor.
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

/** The healthy mesh before the first defect. */
function healthy({ healthy }: Selftest): Markup {
  const { promises, istioctl, seconds } = healthy;
  const failed = promises.filter(({ verdict }) => verdict !== 'pass');
  const held = `${promises.length - failed.length} of the ${promises.length} listed promises passed`;
  return html`<section aria-labelledby="healthy">
    <h2 id="healthy">The healthy mesh</h2>
    <p class="lead">${held}. All checks of the healthy mesh took ${duration(seconds * 1000)}.</p>
    ${
      failed.length > 0 &&
      html`<ul class="plain">
        ${failed.map(({ id, verdict, reason }) => html`<li><b>${id}</b> ${verdict}: ${reason}</li>`)}
      </ul>`
    }
    ${
      istioctl &&
      html`<details class="plain">
        <summary>Output of istioctl on the healthy mesh, in ${istioctl[0]?.rounds ?? 0} rounds</summary>
        ${istioctl.map(({ command, cluster, lines }) => html`<pre><code>${`# ${cluster}: istioctl ${command}\n${lines.join('\n')}`}</code></pre>`)}
      </details>`
    }
  </section>`;
}

function appendix({ command, machine, versions }: Selftest): Markup {
  const fact = (name: string, value: Value) =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`;
  return html`<section aria-labelledby="again">
      <h2 id="again">See it again</h2>
      <pre><code>${command}</code></pre>
      <p class="note">
        In the same folder: <a href="selftest.json">selftest.json</a> for programs,
        <code>snapshots/</code> with what the doctor saw of each defect, and <code>promises/</code> with the
        report of each run of promises.
      </p>
    </section>
    <section aria-labelledby="seen-on">
      <h2 id="seen-on">Seen on</h2>
      <dl class="about">
        ${fact('Machine', `${machine.cpus} CPUs, ${bytes(machine.memoryBytes)}, ${machine.os}, Node ${machine.node}`)}
        ${Object.entries(versions).map(([name, version]) => fact(name, html`<code>${version}</code>`))}
      </dl>
    </section>`;
}
