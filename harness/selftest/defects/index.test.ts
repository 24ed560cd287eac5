import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { faultNamed } from '../../chaos/faults.ts';
import { meshFileSchema } from '../../config/mesh-file.ts';
import { checks } from '../../doctor/checks.ts';
import { families } from '../../doctor/finding.ts';
import type { Defect } from '../defect.ts';
import { placeOf } from '../defect-builders.ts';
import { defects } from './index.ts';

const here = import.meta.dirname;

const cluster = (name: string) => ({
  ...{ name, context: name, network: `${name}-net`, region: `region-${name}`, zone: `zone-${name}-a` },
  eastWestGateway: { address: '10.0.0.1' },
});
/** The lab's, in short. */
const mesh = meshFileSchema.parse({
  ...{ apiVersion: 'meshproof.dev/v1', kind: 'Mesh', meshId: 'meshproof' },
  clusters: [cluster('west'), cluster('east')],
  services: [
    { name: 'webapp', pods: { west: 1 } },
    { name: 'catalog', pods: { west: 2, east: 2 } },
    { name: 'inventory', pods: { east: 1 } },
  ],
});

test('at least 36 defects, of every family, with unique ids', () => {
  assert.ok(defects.length >= 36, `${defects.length}`);
  assert.equal(new Set(defects.map(({ id }) => id)).size, defects.length);
  assert.deepEqual(
    families.filter((family) => !defects.some((defect) => defect.family === family)),
    [],
  );
  assert.ok(defects.some(({ silent }) => silent) && defects.some(({ silent }) => !silent));
});

test('the list has every defect of every table, and a table has one family', async () => {
  const tables = await Promise.all(
    globSync('*.ts', { cwd: here, exclude: ['index.ts', '*.test.ts'] }).map(async (file) => {
      const exported = Object.values((await import(`./${file}`)) as Record<string, readonly Defect[]>);
      return exported.flat();
    }),
  );
  const ids = tables.map((table) => table.map(({ id }) => id));
  assert.deepEqual(ids.flat().toSorted(), defects.map(({ id }) => id).toSorted());
  assert.deepEqual(
    tables.map((table) => new Set(table.map(({ family }) => family)).size),
    tables.map(() => 1),
  );
});

const codes = new Set(checks.map(({ code }) => code));
const suites = globSync('../../../suites/**/*.spec.ts', { cwd: here }).map((file) =>
  readFileSync(`${here}/${file}`, 'utf8'),
);

for (const defect of defects) {
  const { id, title, cause, silent, findings, promises } = defect;

  test(`${id}: findings and promises exist`, () => {
    assert.match(id, /^[a-z]+(-[a-z]+)+$/);
    assert.match(title, /^[A-Z].*[^.]$/);
    assert.match(cause, /\.$/);
    assert.deepEqual(
      findings.filter((code) => !codes.has(code)),
      [],
    );
    assert.deepEqual(
      promises.filter((promise) => !suites.some((suite) => suite.includes(`'${promise}'`))),
      [],
    );
    assert.equal(promises.length === 0, silent, 'a defect is silent if and only if it breaks no promise');
  });

  test(`${id}: heal can undo the breakages, and the parameters fit`, () => {
    const breakages = defect.break(mesh);
    const { cluster: own } = placeOf(defect, mesh);
    assert.equal(own, defect.where?.cluster, 'the names of the sides are those of the lab');
    assert.ok(breakages.length > 0);
    for (const { kind, parameters } of breakages) {
      assert.equal(faultNamed(kind.id), kind, `heal does not know ${kind.id}`);
      kind.parameters.strict().parse(parameters);
    }
  });
}
