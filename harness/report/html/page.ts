import { createHash } from 'node:crypto';
import { html, trusted, type Value } from './markup.ts';

/** A self-contained HTML document. */
export interface Page {
  title: string;
  css: string;
  /** Absent: no script may run in it. */
  script?: string | undefined;
  main: Value;
  /** After `main`, before the script. */
  after?: Value;
}

/** The text of a page: one column, no network. */
export function pageText({ title, css, script, main, after }: Page): string {
  // Apart from the page's template: its formatter may indent, but the hashes are of every character.
  const styleElement = trusted(`<style>${css}</style>`);
  const scriptElement = script === undefined ? false : trusted(`<script>${script}</script>`);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policyOf(css, script)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body>
        <main>${main}</main>
        ${after} ${scriptElement}
      </body>
    </html> `;
  return page.text;
}

/** No network, and of styles and scripts only ours: what a cluster says can change nothing but text. */
const policyOf = (css: string, script: string | undefined) =>
  [
    "default-src 'none'",
    `style-src 'sha256-${sha256(css)}'`,
    ...(script === undefined ? [] : [`script-src 'sha256-${sha256(script)}'`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
