#!/usr/bin/env node
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';

/**
 * Writes the script of the report's page from its TypeScript: `page-script.ts [--check] [--root FOLDER]`. With `--check` nothing
 * is written, and a script that is absent or stale makes the exit code 1. It is committed, since stripping types is still
 * experimental in Node and would warn in every run.
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

/** One module as statements: its types are gone, and so are imports and exports, as all files share one function. */
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
