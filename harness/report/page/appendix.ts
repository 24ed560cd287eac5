import { bytes } from '../plain-text.ts';
import type { Report } from '../schema.ts';
import { html, type Markup, type Value } from './markup.ts';

const imageSources = {
  registry: 'official images from a registry',
  packages: 'images that meshproof built from packages',
};

/** The command that repeats the run, the environment of the run, and `files`: the other results next to the page. */
export function appendix(
  { command, machine, versions, mesh }: Pick<Report, 'command' | 'machine' | 'versions' | 'mesh'>,
  files: Markup,
): Markup {
  const { cpus, memoryBytes, os, node } = machine;
  return html`<section aria-labelledby="again">
      <h2 id="again">Run it again</h2>
      <pre><code>${command}</code></pre>
      <p class="note">Next to this page: ${files}.</p>
    </section>
    <section aria-labelledby="environment">
      <h2 id="environment">Environment</h2>
      <dl class="about">
        ${fact('Machine', `${cpus} CPUs, ${bytes(memoryBytes)}, ${os}, Node ${node}`)}
        ${mesh?.images && fact('Images', imageSources[mesh.images])}
        ${Object.entries(versions).map(([name, version]) => fact(name, html`<code>${version}</code>`))}
      </dl>
    </section>`;
}

function fact(name: string, value: Value): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
