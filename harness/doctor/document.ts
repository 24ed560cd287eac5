import { anchorOf, explanationsOf, familyOf, type Check, type Place, type Relation } from './check.ts';
import { families } from './finding.ts';

const introduction = `# Findings

All findings of \`meshproof doctor\`. Generated from the checks; do not edit: \`npm run docs:findings\`.

**error**: a promise of the mesh does not hold. **warning**: the mesh works today, or in part. **info**: worth knowing. If a
finding explains another, the diagnosis shows the other under it, and the cause gets the gravest severity of both.

In remedies, \`meshproof doctor\` replaces placeholders such as \`<cluster>\`, \`<peer>\`, \`<namespace>\` and \`<name>\` with the
values of the finding, if it has them.
`;

const places: Record<Place, string> = {
  pair: 'same two clusters and direction',
  target: 'about the same cluster',
  source: 'seen from the same cluster',
  cluster: 'in or towards the same cluster',
  object: 'same object',
  mesh: 'anywhere',
};

/** The words for a relation, such as "about the same cluster, same subject". */
function wordsOf(relation: Relation): string {
  const [place, subject] = relation.split(' and ') as [Place | 'subject', 'subject'?];
  if (place === 'subject') return 'same subject';
  return subject ? `${places[place]}, same subject` : places[place];
}

/** The text of docs/findings.md: one section for each code, by family. Pure. */
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
  const links = (codes: readonly string[]) =>
    codes.map((code) => `[${code}](#${anchorOf(code).split('#')[1]})`).join(', ');
  const explains = Object.entries(check.explains ?? {}) as [Relation, readonly string[]][];
  const explained = all.filter((one) => explanationsOf(one).some(({ code }) => code === check.code));
  const facts = [
    `Reads: ${check.needs.join(', ')}`,
    ...explains.map(([by, codes]) => `Explains (${wordsOf(by)}): ${links(codes)}`),
    ...(explained.length > 0 ? [`May be explained by: ${links(explained.map(({ code }) => code))}`] : []),
    `Reference: <${check.reference}>`,
  ];
  return `
### ${check.code}

**${check.title}** (${check.severity})

${check.explanation}

\`\`\`sh
${check.remedy}
\`\`\`

${facts.map((fact) => `- ${fact}\n`).join('')}`;
}
