import { stripVTControlCharacters } from 'node:util';

/** Longer messages are cut: an assertion on a large object would fill the report. */
const mostCharacters = 2000;

/** A message of Playwright or of an Error without colour codes, a leading `Error:` and blank lines. */
export function plainText(message: string): string {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  const text = lines.join('\n').replace(/^(?:[A-Z]\w*)?(?:Error|PromiseBroken|CannotJudge): /, '');
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}

/** Text that Markdown shows as it is. */
export function markdownText(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, '\\$&');
}

/** `830 ms`, `4.2 s`, `3 min 20 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A number for a reader: whole from 100 on, about three digits below, and `3.0e-9` for numbers near zero. */
export function quantity(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 4;
  return new Intl.NumberFormat('en', { maximumFractionDigits: digits }).format(value);
}

/** `612 MB`, `2.3 GB`, decimal. */
export function bytes(count: number): string {
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}
