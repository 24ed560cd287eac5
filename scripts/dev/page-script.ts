#!/usr/bin/env node
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';

/**
 * Writes the script of the report's page from its TypeScript: `page-script.ts [--check] [--root FOLDER]`. With `--check`, only
 * compares: the exit code is 1 if the script is absent or stale. The script is committed, because explicit type stripping is
 * experimental in Node and prints a warning.
 */
const files = [
  'picture/frame',
  'picture/steps',
  'picture/marks',
  'browser/brushes',
  'browser/draw',
  'browser/plots',
  'browser/controls',
  'browser/touch',
  'browser/view',
  'browser/picture',
  'browser/page',
];
const target = 'harness/report/page/page-script.js';

/** One module as statements without types, imports and exports: all files share one function. */
function statements(source: string): string {
  return stripTypeScriptTypes(source)
    .replace(/^import\s[^;]*;$/gm, '')
    .replace(/^export (?=(async )?(function|const|let|class)\b)/gm, '')
    .replace(/^\s*\/\*\*[\s\S]*?\*\/$/gm, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '' && line.trim() !== ';')
    .join('\n');
}

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    root: { type: 'string', default: path.join(import.meta.dirname, '../..') },
  },
});
const parts = files.map((name) =>
  statements(readFileSync(path.join(values.root, 'harness/report', `${name}.ts`), 'utf8')),
);
const text = `// Made by scripts/dev/page-script.ts from ${files.join(', ')}: do not edit.
(() => {
'use strict';
${parts.join('\n')}
})();
`;
const file = path.join(values.root, target);
if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  if (values.check) {
    console.error(`${target} is stale or absent: run \`npm run page-script\` and commit it`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    console.log(`wrote ${target}`);
  }
}
