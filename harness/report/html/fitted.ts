import { html, type Markup } from './markup.ts';

/** Of a sans-serif or a monospaced font, wide ones included: measured on DejaVu Sans. */
const widthOfCharacter = 0.62;

/** Text for an SVG `text` element, cut to about `width` at `fontSize`; whoever points at it reads all of it. */
export function fitted(text: string, width: number, fontSize: number): Markup {
  const most = Math.max(1, Math.floor(width / (fontSize * widthOfCharacter)));
  if (text.length <= most) return html`${text}`;
  return html`<title>${text}</title>${text.slice(0, most - 1)}…`;
}
