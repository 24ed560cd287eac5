import type { TestContext } from 'node:test';

/** Sets environment variables until the test ends, since other test files run in the same process; undefined deletes a variable. */
export function setVariables(t: TestContext, values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    t.after(() => assign(name, before));
    assign(name, value);
  }
}

function assign(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
