#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheRoot } from '../harness/lab/paths.ts';

// Else every command compiles all packages anew. The processes that it starts use the same folder.
process.env['NODE_COMPILE_CACHE'] ??= join(cacheRoot, 'compiled');
enableCompileCache(process.env['NODE_COMPILE_CACHE']);
await import('./command-line.ts');
