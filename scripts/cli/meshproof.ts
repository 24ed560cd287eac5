#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { makeFolder } from '../../harness/base/folders.ts';
import { guardOutput } from '../../harness/base/output-guard.ts';
import { cacheRoot } from '../../harness/lab/paths.ts';
import { exitCodes } from './exit-codes.ts';

guardOutput(exitCodes.couldNotJudge);

// Node keeps compiled packages here. Child processes use the same folder.
try {
  const { NODE_COMPILE_CACHE: folder = join(cacheRoot(), 'compiled') } = process.env;
  makeFolder(folder, 0o777);
  process.env['NODE_COMPILE_CACHE'] = folder;
  enableCompileCache(folder);
} catch {
  // The setting cannot be used: what needs the cache says so.
}
await import('./command-line.ts');
