import { timeouts } from '../base/timeouts.ts';
import { asItStandsVariable, gateVariable, meshVariable } from './fixtures.ts';
import { endWithCommand } from './parent-channel.ts';
import { preflight } from './preflight.ts';

/** Playwright's global set-up: a mesh that cannot be judged is one reason, not a pile of failed tests. */
export default async function globalSetup(): Promise<void> {
  endWithCommand();
  const path = process.env[meshVariable];
  if (!path)
    throw new Error('MESHPROOF_MESH names no mesh file: run `meshproof run`, or set it to a mesh.yaml.');
  if (process.env[asItStandsVariable] !== undefined) return;
  // A mesh that has had its time is not given it again before each of its promises.
  if (!(await preflight(path))) process.env[gateVariable] = String(timeouts.endpointMs);
}
