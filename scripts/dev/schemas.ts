#!/usr/bin/env node
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { meshFileJsonSchema, topologyJsonSchema } from '../../harness/config/load.ts';
import { diagnosisJsonSchema } from '../../harness/doctor/finding.ts';
import { reportJsonSchema } from '../../harness/report/schema.ts';
import { selftestJsonSchema } from '../../harness/selftest/report/schema.ts';
import { snapshotJsonSchema } from '../../harness/snapshot/schema.ts';

/**
 * Writes the published JSON schemas from the zod schemas: `schemas.ts [--check] [--root FOLDER]`. With `--check`, only
 * compares: the exit code is 1 if a schema is absent or stale. The default root is the repository.
 */
const schemas: Record<string, () => object> = {
  'clusters/topologies/topology.schema.json': topologyJsonSchema,
  'clusters/topologies/mesh.schema.json': meshFileJsonSchema,
  'docs/snapshot.schema.json': snapshotJsonSchema,
  'results/report.schema.json': reportJsonSchema,
  'results/diagnosis.schema.json': diagnosisJsonSchema,
  'results/selftest.schema.json': selftestJsonSchema,
};

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    root: { type: 'string', default: path.join(import.meta.dirname, '../..') },
  },
});

for (const [name, schema] of Object.entries(schemas)) {
  const file = path.join(values.root, name);
  const text = `${JSON.stringify(schema(), null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (values.check) {
    console.error(`${name} is stale or absent: run \`node scripts/dev/schemas.ts\` and commit it`);
    process.exitCode = 1;
  } else {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${name}`);
  }
}
