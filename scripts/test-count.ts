/** How many tests passed and failed; skipped ones count as neither. */
export interface Count {
  passed: number;
  failed: number;
}

/** Counts the test cases of a JUnit report. */
export function countJunit(xml: string): Count {
  const cases = xml.match(/<testcase\b[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g) ?? [];
  const failed = cases.filter((one) => /<(failure|error)\b/.test(one)).length;
  const skipped = cases.filter((one) => /<skipped\b/.test(one)).length;
  return { passed: cases.length - failed - skipped, failed };
}
