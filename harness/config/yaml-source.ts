import {
  Composer,
  isMap,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  visit,
  type CST,
  type Document,
  type Node,
} from 'yaml';
import { InvalidFile, pathText, type FieldPath, type PlacedProblem, type Problem } from './invalid-file.ts';

/** A topology of 100 clusters nests 6 levels, has 2,000 values in 10,000 tokens, and needs no alias. */
const limits = { levels: 50, tokens: 60_000, values: 20_000, aliases: 100 };

/** A YAML document that still knows where each value stands. */
export interface YamlSource {
  value: unknown;
  /** Gives a problem its line and column; those of the nearest field above if the field is missing. */
  place(problem: Problem): PlacedProblem;
}

/** A text that is not read further, with the offset at which that was decided. */
class Unreadable extends Error {
  readonly offset: number;
  constructor(message: string, offset = 0) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Parses one YAML document in time and memory that grow with the text only; `file` is its name in messages.
 *
 * @throws InvalidFile for syntax errors, duplicate fields, and values that nest too deep or multiply by aliases.
 */
export function readYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const placed = (path: string, message: string, offset: number, first?: number): PlacedProblem => {
    const before = first === undefined ? '' : ` (first at line ${at(first).line})`;
    return { path, message: message + before, ...at(offset) };
  };
  try {
    const document = parse(text, lines);
    const problems = syntaxProblems(document, text);
    if (problems.length > 0)
      throw new InvalidFile(
        file,
        problems.map(({ message, offset, first }) => placed('', message, offset, first)),
      );
    const place = ({ path, message, atName = false, first }: Problem) =>
      placed(
        pathText(path),
        typeof message === 'string' ? message : message(),
        offsetOf(path, document, atName),
        first && offsetOf(first, document, false),
      );
    return { value: valueOf(document), place };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new InvalidFile(file, [placed('', error.message, error.offset)]);
  }
}

/** Parses with a limit on nesting and aliases. `uniqueKeys` of the package compares each field with all before it. */
function parse(text: string, lines: LineCounter): Document.Parsed {
  const composer = new Composer({
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const [document, second] = [...composer.compose(tokens(text, lines), true, text.length)];
  if (second)
    throw new Unreadable('a second document begins here: keep one document in a file', second.range[0]);
  return document!;
}

function* tokens(text: string, lines: LineCounter): Generator<CST.Token> {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  let [count, aliases] = [0, 0];
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (++count > limits.tokens)
      throw new Unreadable(`there are more than ${limits.tokens} tokens: write less into it`, parser.offset);
    if (parser.stack.length > limits.levels)
      throw new Unreadable(`more than ${limits.levels} levels are nested: write it flatter`, parser.offset);
    if (lexeme.startsWith('*') && ++aliases > limits.aliases)
      throw new Unreadable(
        `there are more than ${limits.aliases} aliases: write the values out`,
        parser.offset,
      );
  }
  yield* parser.end();
}

interface SyntaxProblem {
  message: string;
  offset: number;
  /** The offset of the field that was given first. */
  first?: number;
}

/** The first error of syntax, since the following ones are mostly its echo; else every field that is given twice. */
function syntaxProblems(document: Document.Parsed, text: string): SyntaxProblem[] {
  const [error] = [...document.errors, ...document.warnings];
  if (!error) return duplicateFields(document);
  const offset = error.pos[0];
  const [line = ''] = text
    .slice(offset, offset + 40)
    .trim()
    .split('\n', 1);
  const near = line === '' ? '' : `, near ${JSON.stringify(line)}`;
  return [{ offset, message: `this is not YAML: ${error.message.slice(0, 200).replace(/\.$/, '')}${near}` }];
}

function duplicateFields(document: Document.Parsed): SyntaxProblem[] {
  const found: SyntaxProblem[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Map<string, number>();
      for (const { key } of items) {
        const [name, offset] = [nameOf(key), isNode(key) ? (key.range?.[0] ?? 0) : 0];
        const first = seen.get(name);
        if (first === undefined) seen.set(name, offset);
        else
          found.push({ message: `\`${name.slice(0, 60)}\` is given twice: keep one of them`, offset, first });
      }
    },
  });
  return found;
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

/** The plain values. Throws Unreadable when aliases multiply them, or when there are too many. */
function valueOf(document: Document.Parsed): unknown {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: limits.aliases });
  } catch (error) {
    const said = (error as Error).message.slice(0, 200);
    throw new Unreadable(`its aliases cannot be resolved: ${said}; write it without repeated aliases`);
  }
  let count = 0;
  for (const left = [value]; left.length > 0; count++) {
    if (count > limits.values)
      throw new Unreadable(`there are more than ${limits.values} values: write fewer of them`);
    const one = left.pop();
    if (typeof one === 'object' && one !== null) for (const inner of Object.values(one)) left.push(inner);
  }
  return value;
}

/** The place of a value; its field's name if that is wanted or the value is empty; else the nearest field above it. */
function offsetOf(path: FieldPath, document: Document.Parsed, atName: boolean): number {
  for (let length = path.length; length >= 0; length--) {
    const node = nodeAt(path.slice(0, length), document);
    const parent = nodeAt(path.slice(0, Math.max(0, length - 1)), document);
    const key = isMap(parent)
      ? parent.items.find((pair) => nameOf(pair.key) === String(path[length - 1]))?.key
      : undefined;
    const whole = length === path.length;
    const start = whole && atName ? (key ?? node) : node;
    if (isNode(start) && start.range) return start.range[0];
  }
  return 0;
}

function nodeAt(path: FieldPath, document: Document.Parsed): Node | undefined {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  return isNode(node) && !isPair(node) ? node : undefined;
}
