import { bytes } from '../plain-text.ts';
import type { Report } from '../schema.ts';
import { html, type Markup } from './markup.ts';

const imageSources = {
  registry: 'official images from a registry',
  packages: 'images made from packages on this machine',
};

/** How to see it again, and what it was seen on. */
export function appendix({ command, machine, versions, mesh }: Report): Markup {
  return html`<section aria-labelledby="again">
      <h2 id="again">See it again</h2>
      <pre><code>${command}</code></pre>
      <p class="note">
        Beside this page: <a href="report.json">report.json</a> for programs,
        <a href="junit.xml">junit.xml</a> for CI, and
        <a href="playwright/index.html">every step and error of the run</a>.
      </p>
    </section>
    <section aria-labelledby="seen-on">
      <h2 id="seen-on">Seen on</h2>
      <dl class="about">
        <div>
          <dt>Machine</dt>
          <dd>${machine.cpus} CPUs, ${bytes(machine.memoryBytes)}, ${machine.os}, Node ${machine.node}</dd>
        </div>
        ${
          mesh?.images &&
          html`<div>
            <dt>Images</dt>
            <dd>${imageSources[mesh.images]}</dd>
          </div>`
        }
        ${Object.entries(versions).map(
          ([name, version]) =>
            html`<div>
              <dt>${name}</dt>
              <dd><code>${version}</code></dd>
            </div>`,
        )}
      </dl>
    </section>`;
}
