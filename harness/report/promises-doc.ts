import { text } from 'node:stream/consumers';
import type { Declaration } from './annotations.ts';
import { declaredPromises } from './declared.ts';
import { byTopic, capitalized } from './topics.ts';

const introduction = `# Promises

Each promise that meshproof checks. Generated from the suites; do not edit: \`npm run docs:promises\`.

**Core** promises are in the Istio documentation of every multi-cluster mesh. **Extended** promises depend on the mesh's settings. On a mesh
that is not a meshproof lab, a promise that disturbs more than meshproof's own workloads is skipped, unless \`--allow\` names it. A
promise that needs a lab is always skipped there: its faults work on the lab's containers and keys.
`;

/** docs/promises.md: the promises by topic, with links to suites relative to docs/. Pure. */
export function promisesDoc(promises: readonly Declaration[]): string {
  const topics = byTopic(promises).map(
    ([topic, own]) => `\n## ${escaped(capitalized(topic))}\n${own.map(entry).join('')}`,
  );
  return `${introduction}${topics.join('')}`;
}

function entry({ id, title, level, disturbs, needsLab, references, suite }: Declaration): string {
  return `
### ${id}

${escaped(title)}

- Level: ${level}
- Disturbs: ${disturbs}${needsLab ? '; needs a lab' : ''}
- Comes from: ${references.map((address) => `<${address}>`).join(', ')}
- Suite: [${suite}](../${encodeURI(suite)})
`;
}

/** Markdown shows the characters as they are. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, '\\$&');
}

// playwright test --list --reporter=json | node harness/report/promises-doc.ts > docs/promises.md
if (import.meta.main) process.stdout.write(promisesDoc(declaredPromises(await text(process.stdin))));
