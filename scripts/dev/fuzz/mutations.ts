import fc from 'fast-check';
import { anyCharacter } from '../../../harness/base/any-character.ts';

const hostileTexts = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '../x',
    '../../../../etc/passwd',
    '/etc/passwd',
    '../../outside/precious',
    '../outside',
  ],
  ...['a/b', 'a\\b', '\0', 'a\0b', '\u001b[2J\u001b]0;x\u0007', '\u202e', '\ud800', '\ufeff', '__proto__'],
  ...[
    'constructor',
    'toString',
    '-rf',
    '--help',
    '$(id)',
    '`id`',
    'null',
    '~',
    '<script>',
    '%2e%2e',
    '1e999',
  ],
  ...['999999999999999999999', 'x'.repeat(256), 'x'.repeat(100_000), '2026-13-45T99:99:99Z', '-----BEGIN'],
];
/** A text that is a path, an option, markup, not well-formed or long. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: anyCharacter, maxLength: 20 }),
);
const hostileNumbers = [0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, -0, 65536, 2 ** 31];

/** Nested arrays (`[[[…]]]`) or nested objects. */
function nested(depth: number, asObject: boolean): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level++) value = asObject ? { a: value } : [value];
  return value;
}

/** An object with an own field `__proto__`. */
const withProto: unknown = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}');

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...hostileTexts),
  fc.constantFrom<unknown>(...hostileNumbers, null, true, false),
  fc.constantFrom<unknown>([], {}, withProto, nested(40, false), nested(40, true), nested(900, false)),
  fc.constant(Array.from({ length: 2_000 }, (_, index) => `item-${index}`)),
  fc.constant(Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, index]))),
  fc.string({ unit: anyCharacter, maxLength: 20 }),
  fc.jsonValue({ maxDepth: 3 }),
);

interface Mutation {
  at: number;
  /** `alike` replaces a text by a text and a number by a number: a check of the shape accepts this. */
  kind: 'alike' | 'delete' | 'replace' | 'add' | 'repeat' | 'rename';
  key: string;
  value: unknown;
  text: string;
  number: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(100_000),
  kind: fc.constantFrom('alike', 'alike', 'alike', 'alike', 'delete', 'replace', 'add', 'repeat', 'rename'),
  key: fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ maxLength: 8 })),
  value: hostileValue,
  text: hostileText,
  number: fc.oneof(fc.constantFrom(...hostileNumbers), fc.double()),
});

type Container = Record<string | number, unknown>;

/** Every place in a value: the container and the key. */
function placesIn(
  value: unknown,
  found: [Container, string | number][] = [],
): [Container, string | number][] {
  if (typeof value !== 'object' || value === null || found.length > 5_000) return found;
  const container = value as Container;
  for (const key of Object.keys(container)) {
    found.push([container, key]);
    placesIn(container[key], found);
  }
  return found;
}

/** Sets a field, `__proto__` too, as JSON.parse does. */
const set = (container: Container, key: string | number, value: unknown): void =>
  void Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });

function mutate(root: Container, { at, kind, key, value, text, number }: Mutation): void {
  const places = placesIn(root);
  const [container, place] = places[at % places.length] ?? [root, 'value'];
  const own = structuredClone(value);
  if (kind === 'alike') set(container, place, alike(container[place], { text, number, value: own }));
  else if (kind === 'replace') set(container, place, own);
  else if (kind === 'repeat' && Array.isArray(container)) container.push(container[Number(place)]);
  else if (container === root) set(root, 'value', own);
  else if (Array.isArray(container)) container.splice(Number(place), 1);
  else {
    const before = container[place];
    if (kind !== 'add') delete container[place];
    if (kind === 'add') set(container, key, own);
    if (kind === 'rename') set(container, key, before);
  }
}

function alike(
  before: unknown,
  { text, number, value }: Pick<Mutation, 'text' | 'number' | 'value'>,
): unknown {
  if (typeof before === 'string') return text;
  if (typeof before === 'number') return number;
  return typeof before === 'boolean' ? !before : value;
}

/** A valid value with up to three places changed: deleted, replaced, added, repeated, renamed. */
export const mutated = (sample: unknown): fc.Arbitrary<unknown> =>
  fc.array(mutation, { minLength: 1, maxLength: 3, size: 'small' }).map((mutations) => {
    const root: Container = { value: structuredClone(sample) };
    for (const one of mutations) mutate(root, one);
    return root['value'];
  });

const aliasBomb = [
  'a: &a [x, x, x]',
  ...Array.from('bcdefghij', (name, index) => {
    const before = String.fromCharCode(name.charCodeAt(0) - 1);
    return `${name}: &${name} [${Array.from({ length: 9 + index }, () => `*${before}`).join(', ')}]`;
  }),
].join('\n');

const snippet = fc.constantFrom(
  ...[
    '\0',
    '\ufeff',
    '\t',
    '\r\n',
    '---\n',
    '...\n',
    '{',
    '}',
    '"',
    "'",
    '&a [*a]',
    '*a',
    '!!js/function x',
    '? ',
    ': ',
  ],
  ...[
    '\nmeshId: twice\nmeshId: twice\n',
    `\n${aliasBomb}\n`,
    '['.repeat(2_000),
    '['.repeat(500_000),
    '{"a":'.repeat(2_000),
    '- '.repeat(500),
  ],
  ...['\u001b[31m', '\ud800', '<<: *x', '"\\u0000"', '1'.repeat(5_000), 'x'.repeat(50_000)],
);

/** A text with up to three edits: cut, repeat, or insert a snippet. */
const edited = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      text,
      fc.array(
        fc.record({ at: fc.nat(1_000_000), kind: fc.constantFrom('insert', 'cut', 'double'), snippet }),
        { minLength: 1, maxLength: 3 },
      ),
    )
    .map(([whole, edits]) =>
      edits.reduce((before, { at, kind, snippet: piece }) => {
        const place = at % (before.length + 1);
        if (kind === 'cut') return before.slice(0, place);
        const rest = kind === 'double' ? before.slice(Math.max(0, place - 200)) : piece + before.slice(place);
        return before.slice(0, place) + rest;
      }, whole),
    );

/** A text that is edited in one of four cases, because most edits make it unparsable. */
export const mutatedText = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: edited(text) });

/** Bytes with some replaced or removed. */
export const mutatedBytes = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      bytes,
      fc.array(fc.tuple(fc.nat(1_000_000), fc.nat(255)), { maxLength: 4 }),
      fc.option(fc.nat(1_000_000)),
    )
    .map(([whole, flips, cut]) => {
      const changed = Uint8Array.from(whole);
      for (const [at, byte] of flips) if (changed.length > 0) changed[at % changed.length] = byte;
      return cut === null ? changed : changed.subarray(0, cut % (changed.length + 1));
    });

/** A file name in a folder, with its content. */
export interface Entry {
  name: string;
  kind: 'file' | 'folder' | 'link' | 'dangling';
  content: string;
}

/** Entries of a folder; some have names of a given kind. */
export const entries = (names: fc.Arbitrary<string>, content: fc.Arbitrary<string>): fc.Arbitrary<Entry[]> =>
  fc.array(
    fc.record({
      name: fc.oneof(names, fc.string({ minLength: 1, maxLength: 12 })),
      kind: fc.constantFrom('file', 'file', 'folder', 'link', 'dangling'),
      content,
    }),
    { maxLength: 4 },
  );
