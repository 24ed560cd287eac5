#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheRoot } from '../harness/lab/paths.ts';
import { guardOutput } from '../harness/output-guard.ts';
import { exitCodes } from './exit-codes.ts';

guardOutput(exitCodes.couldNotJudge);

// Node keeps compiled packages here. Child processes use the same folder.
process.env['NODE_COMPILE_CACHE'] ??= join(cacheRoot, 'compiled');
enableCompileCache(process.env['NODE_COMPILE_CACHE']);
await import('./command-line.ts');
