/** HTML text. Only {@link html} and {@link trusted} create it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template. Everything except Markup is escaped; null, undefined and false become an empty text. */
export type Value = string | number | Markup | null | undefined | false | readonly Value[];

/** HTML or SVG from a template; every value is escaped for text and for quoted attributes. Quote all attributes. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(render)));
}

/** Text of this program that must not be escaped, such as a style sheet. Never use it for a value from outside. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** A link for an http or https address. Other addresses stay text, because a report must not run anything. */
export function link(address: string, text: Value = address): Markup {
  const url = URL.parse(address);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return html`${text}`;
  return html`<a href="${url.href}" rel="noreferrer noopener">${text}</a>`;
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return escape(String(value));
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** Average width of a character as a share of the font size, measured on DejaVu Sans. */
const widthOfCharacter = 0.62;

/** Text for an SVG `text` element, cut to about `width` at `fontSize`. The tooltip has the full text. */
export function truncated(text: string, width: number, fontSize: number): Markup {
  const most = Math.max(1, Math.floor(width / (fontSize * widthOfCharacter)));
  if (text.length <= most) return html`${text}`;
  return html`<title>${text}</title>${text.slice(0, most - 1)}…`;
}
