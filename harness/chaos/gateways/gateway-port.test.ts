import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshFile } from '../../config/mesh-file.ts';
import { observerOf } from './gateway-port.ts';

const meshFile = (networks: Record<string, string>, probes: Record<string, number>) =>
  ({
    clusters: Object.entries(networks).map(([name, network]) => ({ name, network })),
    services: [{ name: 'probe', pods: probes }],
  }) as MeshFile;

test('a gateway is observed from another network with a probe', () => {
  const networks = { west: 'n1', near: 'n1', east: 'n2', north: 'n3' };
  const everywhere = { west: 1, near: 1, east: 1, north: 1 };
  assert.equal(observerOf(meshFile(networks, everywhere), 'west'), 'east');
  assert.equal(observerOf(meshFile(networks, everywhere), 'east'), 'west');
  assert.equal(observerOf(meshFile(networks, { ...everywhere, east: 0 }), 'west'), 'north');
});

test('without a probe on another network a gateway is not observed', () => {
  assert.equal(observerOf(meshFile({ west: 'n1', near: 'n1' }, { west: 1, near: 1 }), 'west'), undefined);
  assert.equal(observerOf(meshFile({ west: 'n1', east: 'n2' }, { west: 1 }), 'west'), undefined);
});
