/** For tests: imported before anything else, it has the state folder in a temporary folder that is removed at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const temporaryState = mkdtempSync(join(tmpdir(), 'meshproof-state-'));
process.env['MESHPROOF_STATE'] = temporaryState;
process.on('exit', () => rmSync(temporaryState, { recursive: true, force: true }));
