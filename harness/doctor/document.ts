import { anchorOf, explanationsOf, familyOf, type Check } from './check.ts';
import { families } from './finding.ts';

const introduction = `# Findings

What \`meshproof doctor\` can say of a mesh. Generated from the checks; do not edit: \`npm run docs:findings\`.

**error**: something that the mesh promises does not work. **warning**: it works today, or in part. **info**: worth knowing. A
finding that another one explains stands under it in a diagnosis, and the cause is then as grave as the gravest of them.
`;

const relations = {
  pair: 'for the same two clusters, in the same direction',
  target: 'wherever the cluster is spoken of',
  source: 'as seen from the same cluster',
  cluster: 'seen in or towards its cluster',
  subject: 'for the same service or object',
  mesh: 'anywhere in the mesh',
} as const;

/** docs/findings.md: one section a code, by family. Pure. */
export function findingsDoc(checks: readonly Check[]): string {
  const sections = families.map((family) => {
    const own = checks
      .filter(({ code }) => familyOf(code) === family)
      .toSorted((a, b) => a.code.localeCompare(b.code));
    return `\n## ${family[0]?.toUpperCase()}${family.slice(1)}\n${own.map((check) => entry(check, checks)).join('')}`;
  });
  return `${introduction}${sections.join('')}`;
}

function entry(check: Check, all: readonly Check[]): string {
  const link = (code: string) => `[${code}](#${anchorOf(code).split('#')[1]})`;
  const explains = explanationsOf(check).map(({ code, by }) => `${link(code)} ${relations[by]}`);
  const explained = all.filter((one) => explanationsOf(one).some(({ code }) => code === check.code));
  return `
### ${check.code}

**${check.title}** (${check.severity})

${check.explanation}

\`\`\`sh
${check.remedy}
\`\`\`

- Looks at: ${check.needs.join(', ')}
${explains.length > 0 ? `- Explains: ${explains.join('; ')}\n` : ''}${explained.length > 0 ? `- May be explained by: ${explained.map(({ code }) => link(code)).join(', ')}\n` : ''}- Comes from: <${check.reference}>
`;
}
