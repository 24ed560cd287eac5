import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultKinds, faultNamed } from './faults.ts';
import { InvalidParameters, parametersOf } from './parameters.ts';

const cluster = (name: string) => ({
  name,
  context: name,
  role: 'primary' as const,
  network: name,
  region: name,
  zone: name,
});
const file = {
  clusters: [cluster('west'), cluster('east')],
  services: [{ name: 'catalog', pods: { west: 2 } }],
};
const parse = (fault: string, given: Record<string, unknown>) => {
  const kind = faultNamed(fault);
  assert.ok(kind, fault);
  return parametersOf(kind, given, file);
};

test('texts, as a command line gives them, become numbers, and absent parameters get their defaults', () => {
  assert.deepEqual(parse('pods-failing', { cluster: 'west', percent: '50', status: '500' }), {
    ...{ cluster: 'west', service: 'catalog', percent: 50, status: 500 },
  });
  assert.deepEqual(parse('link-partitioned', {}), { ports: 'both', oneWay: 'connections' });
});

for (const [title, fault, given, words] of [
  [
    'a missing cluster',
    'pods-killed',
    {},
    /pods-killed does not accept these parameters: cluster is missing/,
  ],
  [
    'a cluster that is none',
    'pods-killed',
    { cluster: 'eats' },
    /cluster is "eats".*has west, east; did you mean east/,
  ],
  [
    'a service that is none',
    'pods-killed',
    { cluster: 'west', service: 'catalogue' },
    /did you mean catalog/,
  ],
  ['a number out of range', 'link-lossy', { percent: '100' }, /percent is "100"/],
  ['a number that is none', 'pods-late', { cluster: 'west', delayMs: 'soon' }, /delayMs is "soon"/],
  ['a word out of a list', 'link-reset', { ports: 'all' }, /ports is "all".*data.*discovery.*both/],
  ['a parameter that is none', 'istiod-down', { cluster: 'west', percent: 5 }, /percent/],
  ['a far end that is none', 'link-partitioned', { from: 'west', to: 'south' }, /to is "south"/],
] as const) {
  test(`${title} is refused, and named`, () => {
    assert.throws(
      () => parse(fault, given),
      (error: Error) => error instanceof InvalidParameters && words.test(error.message),
    );
  });
}

test('every fault has a unique id in kebab case, a title, bounds, and a description of each parameter', () => {
  const ids = faultKinds.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { id, title, bounds, parameters } of faultKinds) {
    assert.match(id, /^[a-z]+(-[a-z]+)*$/);
    assert.match(title, /^[A-Z].*[^.]$/);
    assert.ok(bounds.injectMs > 0 && bounds.healMs > 0, id);
    for (const [name, schema] of Object.entries(parameters.shape))
      assert.ok((schema as { description?: string }).description, `${id} ${name}`);
  }
});
