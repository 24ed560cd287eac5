import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { payloadsOf, type Declaration } from './annotations.ts';

const annotations = z.array(z.object({ type: z.string(), description: z.string().optional() }));
const spec = z.object({ tests: z.array(z.object({ annotations })) });
interface Suite {
  specs: z.infer<typeof spec>[];
  suites?: Suite[] | undefined;
}
const suite: z.ZodType<Suite> = z.object({
  specs: z.array(spec),
  get suites() {
    return z.array(suite).optional();
  },
});
const listing = z.object({ suites: z.array(suite) });

/** Listing loads the suites and does not contact a cluster. */
const listingMs = 60_000;

/**
 * The promises in the output of `playwright test --list --reporter=json`, in order of their ids. Throws if the text is not
 * such a list, and if two suites declare the same id.
 */
export function declaredPromises(listingJson: string): Declaration[] {
  const found = listing.parse(JSON.parse(listingJson)).suites.flatMap(declarationsIn);
  const clash = duplicateOf(found);
  if (clash) throw new Error(clash);
  return found.toSorted((a, b) => a.id.localeCompare(b.id));
}

/** Reports the first id that two suites declare; undefined if each id has one suite. */
export function duplicateOf(declarations: readonly Declaration[]): string | undefined {
  const suites = new Map<string, string>();
  for (const { id, suite, title } of declarations) {
    const where = `${suite} ("${title}")`;
    const other = suites.get(id);
    if (other !== undefined && other !== where)
      return `Two promises have the id ${id}: in ${other} and in ${where}. Change one of the ids.`;
    suites.set(id, where);
  }
  return undefined;
}

/**
 * Runs the Playwright command of this process again with `--list` and returns its promises. If global set-up crashes,
 * Playwright does not report its tests. Empty if the command is not `playwright test …` or cannot list.
 */
export async function listPromises(argv: readonly string[] = process.argv): Promise<Declaration[]> {
  const [node, cli, command, ...rest] = argv;
  if (!node || !cli || command !== 'test') return [];
  try {
    const list = [cli, command, ...rest, '--list', '--reporter=json'];
    const env = { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: '', PLAYWRIGHT_JSON_OUTPUT_FILE: '' };
    const options = { env, timeout: listingMs, maxBuffer: 1 << 26 };
    return declaredPromises((await promisify(execFile)(node, list, options)).stdout);
  } catch {
    return [];
  }
}

function declarationsIn({ specs, suites = [] }: Suite): Declaration[] {
  const own = specs.flatMap((one) =>
    one.tests.flatMap((test) => payloadsOf('meshproof.promise', test.annotations)),
  );
  return [...own, ...suites.flatMap(declarationsIn)];
}
