#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { makeFolder } from '../harness/folders.ts';
import { cacheRoot } from '../harness/lab/paths.ts';

// Without it, every command compiles all packages again. The processes that it starts use the same folder.
try {
  const { NODE_COMPILE_CACHE: folder = join(cacheRoot(), 'compiled') } = process.env;
  makeFolder(folder, 0o777);
  process.env['NODE_COMPILE_CACHE'] = folder;
  enableCompileCache(folder);
} catch {
  // The setting cannot be used: what needs the cache says so.
}
await import('./command-line.ts');
