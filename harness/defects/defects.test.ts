import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { faultNamed } from '../chaos/faults.ts';
import { checks } from '../doctor/checks.ts';
import { families } from '../doctor/finding.ts';
import { meshFileSchema } from '../mesh/mesh-file.ts';
import { defects } from './defects.ts';
import { placeOf } from './parts.ts';

const here = import.meta.dirname;
const files = globSync('*/*.ts', { cwd: here });

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

test('at least 36 defects, of every family, each under an id of its own', () => {
  assert.ok(defects.length >= 36, `${defects.length}`);
  assert.equal(new Set(defects.map(({ id }) => id)).size, defects.length);
  assert.deepEqual(
    families.filter((family) => !defects.some((defect) => defect.family === family)),
    [],
  );
  assert.ok(defects.some(({ silent }) => silent) && defects.some(({ silent }) => !silent));
});

test('every file is a defect in the list, by its id', () => {
  assert.deepEqual(
    files.map((file) => basename(file, '.ts')).toSorted(),
    defects.map(({ id }) => id).toSorted(),
  );
});

const codes = new Set(checks.map(({ code }) => code));
const suites = globSync('../../suites/**/*.spec.ts', { cwd: here }).map((file) =>
  readFileSync(`${here}/${file}`, 'utf8'),
);

for (const defect of defects) {
  const { id, title, cause, silent, findings, promises } = defect;

  test(`${id}: findings and promises that there are`, () => {
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
    assert.equal(promises.length === 0, silent, 'a silent defect breaks no promise, another one does');
  });

  test(`${id}: breakages that heal can undo, with parameters as they have to be`, () => {
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
