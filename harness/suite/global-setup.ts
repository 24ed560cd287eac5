import { timeouts } from '../base/timeouts.ts';
import { asItStandsVariable, gateVariable, meshVariable } from './fixtures.ts';
import { endWithCommand } from './parent-channel.ts';
import { preflight } from './preflight.ts';

/** Playwright's global set-up: a mesh that cannot be judged is reported once, not for each test. */
export default async function globalSetup(): Promise<void> {
  endWithCommand();
  const path = process.env[meshVariable];
  if (!path)
    throw new Error(
      `The run cannot start: ${meshVariable} is not set. Use \`meshproof run\`, or set it to the path of a mesh file.`,
    );
  if (process.env[asItStandsVariable] !== undefined) return;
  // A mesh that was not ready in time gets less time before each promise.
  if (!(await preflight(path))) process.env[gateVariable] = String(timeouts.endpointMs);
}
