import { text } from 'node:stream/consumers';
import type { Declaration } from './annotations.ts';
import { declaredPromises } from './declared.ts';
import { markdownText } from './plain-text.ts';
import { byTopic, capitalized } from './topics.ts';

const introduction = `# Promises

The promises that meshproof verifies. \`npm run docs:promises\` generates this file from the suites; do not edit it.

**Core** promises follow from the Istio documentation for every multi-cluster mesh. **Extended** promises depend on the
configuration of the mesh. On a mesh that meshproof did not create, a promise that disturbs more than meshproof's own
workloads is skipped, unless you allow its id with \`--allow\`. A promise that needs a lab is always skipped there: its
faults act on the containers and keys of a lab.
`;

/** docs/promises.md: the promises by topic, with links to suites relative to docs/. Pure. */
export function promisesDoc(promises: readonly Declaration[]): string {
  const topics = byTopic(promises).map(
    ([topic, own]) => `\n## ${markdownText(capitalized(topic))}\n${own.map(entry).join('')}`,
  );
  return `${introduction}${topics.join('')}`;
}

function entry({ id, title, level, disturbs, needsLab, references, suite }: Declaration): string {
  return `
### ${id}

${markdownText(title)}

- Level: ${level}
- Disturbs: ${disturbs}${needsLab ? '; needs a lab' : ''}
- References: ${references.map((address) => `<${address}>`).join(', ')}
- Suite: [${suite}](../${encodeURI(suite)})
`;
}

// playwright test --list --reporter=json | node harness/report/promises-doc.ts > docs/promises.md
if (import.meta.main) process.stdout.write(promisesDoc(declaredPromises(await text(process.stdin))));
