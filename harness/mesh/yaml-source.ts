import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Pair, YAMLError } from 'yaml';
import { pathText, type FieldPath, type PlacedProblem, type Problem } from './invalid-file.ts';

/** A YAML document that still knows where each value stands. */
export interface YamlSource {
  /** The document as plain values; `undefined` where there are problems. */
  value: unknown;
  /** What keeps it from being YAML, or YAML that is safe to read. */
  problems: PlacedProblem[];
  /** Gives a problem its line and column; the nearest field above where there is no such field. */
  place(problem: Problem): PlacedProblem;
}

/** Parses one YAML document. Syntax errors, duplicate fields and alias bombs become problems; it does not throw. */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
    const problems = syntaxErrors(document).map((error) => syntaxProblem(error, document, text, lines));
    const value: unknown = problems.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 });
    return { value, problems, place: (problem) => placed(problem, document, lines) };
  } catch (error) {
    // Nesting beyond the stack, and aliases that multiply: the package throws for both.
    const message = `cannot be read: ${(error as Error).message}; write it flatter and without repeated aliases`;
    return {
      value: undefined,
      problems: [{ path: '', message }],
      place: ({ path, message: m }) => ({ path: pathText(path), message: m }),
    };
  }
}

/** Every duplicate field, and the first of any other error: those that follow it are mostly its echo. */
function syntaxErrors(document: Document): YAMLError[] {
  const all: YAMLError[] = [...document.errors, ...document.warnings];
  const first = all.find(({ code }) => code !== 'DUPLICATE_KEY');
  return all.filter((error) => error === first || error.code === 'DUPLICATE_KEY');
}

function syntaxProblem(
  error: YAMLError,
  document: Document,
  text: string,
  lines: LineCounter,
): PlacedProblem {
  const { code, pos } = error;
  const offset = pos[0];
  const { line, col } = lines.linePos(offset);
  return {
    path: '',
    message: syntaxMessage(code, error.message, document, text, offset, lines),
    line,
    column: col,
  };
}

function syntaxMessage(
  code: string,
  message: string,
  document: Document,
  text: string,
  offset: number,
  lines: LineCounter,
): string {
  if (code === 'DUPLICATE_KEY') {
    const twin = earlierTwin(document, offset);
    const first = twin === undefined ? '' : ` (first at line ${lines.linePos(twin.offset).line})`;
    return `\`${twin?.name ?? 'a field'}\` is given twice${first}: keep one of them`;
  }
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here: keep one document in a file';
  if (code === 'TAB_AS_INDENT') return 'a tab is used to indent: use spaces';
  const line = text.slice(offset).split('\n', 1)[0]?.trim() ?? '';
  const near = line === '' ? '' : `, near ${JSON.stringify(line.slice(0, 40))}`;
  return `this is not YAML: ${message.replace(/\.$/, '')}${near}`;
}

/** The field of the same map and name that stands before the duplicate at an offset. */
function earlierTwin(document: Document, offset: number): { name: string; offset: number } | undefined {
  let twin: { name: string; offset: number } | undefined;
  visit(document, {
    Map(_, map) {
      const at = map.items.find((pair) => startOf(pair.key) === offset);
      if (!at) return undefined;
      const first = map.items.find((pair) => nameOf(pair) === nameOf(at));
      const start = startOf(first?.key);
      if (start !== undefined) twin = { name: nameOf(at), offset: start };
      return visit.BREAK;
    },
  });
  return twin;
}

function placed(problem: Problem, document: Document, lines: LineCounter): PlacedProblem {
  const offset = offsetOf(problem.path, document, problem.atName ?? false);
  const { line, col } = lines.linePos(offset);
  const first = problem.first && lines.linePos(offsetOf(problem.first, document, false)).line;
  const message = first === undefined ? problem.message : `${problem.message} (first at line ${first})`;
  return { path: pathText(problem.path), message, line: Math.max(1, line), column: Math.max(1, col) };
}

/** Where a value stands, its field's name where it has none or that is wanted, or the nearest field above it. */
function offsetOf(path: FieldPath, document: Document, atName: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [i, part] of path.entries()) {
    const parent = isAlias(node) ? node.resolve(document) : node;
    const last = i === path.length - 1;
    if (isMap(parent)) {
      const pair = parent.items.find((item) => nameOf(item) === String(part));
      if (!pair) return offset;
      node = pair.value;
      // A problem further down, in a field that is absent, is shown at the name of the field it is absent from.
      const name = startOf(pair.key) ?? offset;
      const value = isScalar(node) && node.value === null ? undefined : startOf(node);
      offset = last && !atName ? (value ?? name) : name;
    } else if (isSeq(parent)) {
      node = parent.items[Number(part)];
      if (node === undefined) return offset;
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function nameOf(pair: Pair): string {
  if (!isPair(pair)) return '';
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}
