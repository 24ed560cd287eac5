/** Text that is HTML already. Made only by {@link html} and {@link trusted}. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: anything but Markup is escaped; null, undefined and false leave nothing. */
export type Value = string | number | Markup | null | undefined | false | readonly Value[];

/** HTML or SVG from a template; every value is escaped for text and for quoted attributes. Quote all attributes. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(render)));
}

/** Text of this program, such as a style sheet, that must not be escaped. Never a value from outside. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** A link for an http or https address; the bare text for any other, since a report must not run anything. */
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

/** Of a sans-serif or a monospaced font, wide ones included: measured on DejaVu Sans. */
const widthOfCharacter = 0.62;

/** Text for an SVG `text` element, cut to about `width` at `fontSize`; whoever points at it reads all of it. */
export function fitted(text: string, width: number, fontSize: number): Markup {
  const most = Math.max(1, Math.floor(width / (fontSize * widthOfCharacter)));
  if (text.length <= most) return html`${text}`;
  return html`<title>${text}</title>${text.slice(0, most - 1)}…`;
}
