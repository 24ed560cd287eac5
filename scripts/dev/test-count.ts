/** Numbers of passed and failed tests; skipped tests are not counted. */
export interface Count {
  passed: number;
  failed: number;
}

/** Counts the test cases of a JUnit report. */
export function countJunit(xml: string): Count {
  const cases = casesOf(xml);
  const failed = cases.filter(hasFailed).length;
  const skipped = cases.filter((one) => /<skipped\b/.test(one)).length;
  return { passed: cases.length - failed - skipped, failed };
}

/** The failed test cases of a JUnit report: the name of each, its file if the report has it, and the beginning of its message. */
export function failuresOf(xml: string, charactersOfEach = 1_000): string[] {
  return casesOf(xml)
    .filter(hasFailed)
    .map((one) => {
      const name = /\bname="([^"]*)"/.exec(one)?.[1] ?? '';
      const file = /\bfile="([^"]*)"/.exec(one)?.[1];
      const message = /<(?:failure|error)\b[^>]*\bmessage="([^"]*)"/.exec(one)?.[1] ?? '';
      const title = file === undefined ? name : `${name} (${file})`;
      return `${unescaped(title)}\n    ${unescaped(message).slice(0, charactersOfEach).trim().replaceAll('\n', '\n    ')}`;
    });
}

const casesOf = (xml: string): string[] => xml.match(/<testcase\b[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g) ?? [];
const hasFailed = (testcase: string): boolean => /<(failure|error)\b/.test(testcase);

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", '#10': '\n', amp: '&' };

/** Unescapes twice: Node's reporter escapes quotes of an attribute, and then the ampersands. */
function unescaped(text: string): string {
  const once = (escaped: string) =>
    escaped.replaceAll(/&(lt|gt|quot|apos|#10|amp);/g, (_, name: string) => entities[name] ?? '');
  return once(once(text));
}
