import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const uplot = path.dirname(createRequire(import.meta.url).resolve('uplot'));
const read = (file: string) => readFileSync(file, 'utf8').trim();

/** The script of a page with pictures: uPlot with its licence, and what was made of harness/report/browser. */
export const pageScript = [
  `/*!\nuPlot, https://github.com/leeoniya/uPlot\n\n${read(path.join(uplot, '../LICENSE'))}\n*/`,
  read(path.join(uplot, 'uPlot.iife.min.js')),
  read(path.join(import.meta.dirname, 'page-script.js')),
].join('\n');

/** What uPlot needs of styles. */
export const plotStyle = read(path.join(uplot, 'uPlot.min.css'));
