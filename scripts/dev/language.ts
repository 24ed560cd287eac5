import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Words and phrases that read as translated, each with its plain form. CONTRIBUTING.md#language has the rule. */
const wordList: readonly [RegExp, string][] = [
  [/\bin vain\b/i, 'without success'],
  [/\bfor want of\b/i, 'without'],
  [/\b(?:of|than) (?:ours|theirs)\b/i, "meshproof's"],
  [/\banew\b/i, 'again'],
  [/\bamid\b/i, 'during'],
  [/\b(?:is|are|was|were|be) no (?!longer\b|more\b|later\b|earlier\b)[a-z]/i, 'is not a …'],
  [/\bthere (?:is|are) none\b/i, 'it does not exist'],
  [/(?<!-)\b(?:nobody|no one)\b(?!-)/i, 'a negated verb'],
  [/\bnone of\b/i, 'a negated verb'],
  [/\b(?:put|puts|putting) (?:\w+ )?back\b/i, 'restore'],
  [/\bthat which\b/i, 'the name of the thing'],
  [/\b(?:taken?|takes|taking|took) (?:it |them |\w+ )?for (?:a|an|one|the|granted)\b/i, 'treat as'],
  [/\b(?:tell|tells|told) (?:\w+ )?(?:from|apart)\b/i, 'distinguish'],
  [/\bis told\b|\bare told\b/i, 'report'],
  [/\bcomes? (?:to be|about|of it)\b/i, 'happen'],
  [/\bwhatever becomes of\b|\bwhat becomes of\b/i, 'the result'],
  [/\b(?:is|are|was|were) let (?:be|through)\b/i, 'leave alone'],
  [/\b(?:is|are|can) (?:not )?be had\b/i, 'available'],
  [/\bamiss\b|\bthereof\b|\bhence\b|\bwherefore\b/i, 'the field’s word'],
  [/\bmeant so\b/i, 'intended'],
  [/(?:^|[.:;] |\/\*\*? |\/\/ )(?:Who|Whose) (?!(?:is|are|may|can)\b[^.]*\?)[a-z]+ /, 'a named subject'],
  [/(?:^|\. |\/\*\*? |\/\/ )Where [a-z]+[^?]*,/, 'If or When'],
  [
    /(?:^|\. |\/\*\*? |\/\/ )What (?:is|it|of|was|has|a|the|cannot|can)\b(?![^.]*\?)/,
    'the name of the thing',
  ],
];

const own = ['scripts/dev/language.ts', 'CHANGELOG.md', 'LICENSE', 'package-lock.json'];
const root = join(import.meta.dirname, '../..');
const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
});
const files = stdout
  .split('\n')
  .filter(
    (file) =>
      /\.(ts|js|mjs|md|go|ya?ml|sh)$/.test(file) && !own.includes(file) && !file.endsWith('page-script.js'),
  );
let hits = 0;
for (const file of files)
  for (const [index, line] of readFileSync(join(root, file), 'utf8').split('\n').entries())
    for (const [pattern, plain] of wordList) {
      const found = pattern.exec(line);
      if (!found) continue;
      hits += 1;
      console.error(`${file}:${index + 1}: "${found[0].trim()}" reads as translated. Write: ${plain}.`);
    }
console.error(hits === 0 ? '' : `${hits} hits of the word list (CONTRIBUTING.md#language).`);
process.exitCode = hits === 0 ? 0 : 1;
