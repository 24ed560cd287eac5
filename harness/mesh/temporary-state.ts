/** For tests: with this import, the state folder is a temporary folder that is deleted at the end. */
import { temporaryFolder } from './temporary-folder.ts';

export const temporaryState = temporaryFolder('MESHPROOF_STATE');
