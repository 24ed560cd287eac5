import fc from 'fast-check';
import { sampleSnapshot } from '../../snapshot/sample/sample.ts';
import type { SampleCluster } from '../broken-sample.ts';
import { authoritySpellings } from './authorities.ts';
import type { Mesh, Spelling } from './mesh.ts';
import { gatewaySpellings, networkSpellings } from './networks.ts';
import { remoteCluster } from './remote-cluster.ts';
import { settingSpellings } from './settings.ts';

/** The spellings of a mesh, by id, and its clusters. */
export interface Draw {
  clusters: number;
  network: string;
  gateway: string;
  authority: string;
  /** The last cluster does not have an istiod. */
  remote: boolean;
  settings: readonly string[];
}

const idsOf = (spellings: readonly Spelling[]) => spellings.map(({ id }) => id);

/** Draws the spellings of a healthy mesh. */
export const draws: fc.Arbitrary<Draw> = fc
  .record({
    clusters: fc.integer({ min: 2, max: 4 }),
    network: fc.constantFrom(...idsOf(networkSpellings)),
    gateway: fc.constantFrom(...idsOf(gatewaySpellings)),
    authority: fc.constantFrom(...idsOf(authoritySpellings)),
    remote: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
    settings: fc.subarray(idsOf(settingSpellings)),
  })
  .map(fit);

/** Leaves out spellings that do not go together. */
function fit(draw: Draw): Draw {
  const isFlat = draw.network === 'flat-network';
  const byLabel = draw.network === 'networks-by-label';
  const isFixed =
    isFlat ||
    (!byLabel && draw.gateway !== 'gateway-by-host-name') ||
    (draw.remote && draw.gateway === 'kubernetes-gateway');
  const gateway = isFixed ? 'gateway-by-address' : draw.gateway;
  const authority = draw.remote ? 'cacerts' : draw.authority;
  const hasIstioGateway = !isFlat && !draw.remote && gateway !== 'kubernetes-gateway';
  const left = new Set([
    ...(hasIstioGateway ? [] : ['hosts-by-namespace']),
    ...(isFlat ? ['gateways-in-their-namespace', 'network-policy-that-admits'] : []),
    ...(draw.remote ? ['own-revision', 'trust-domains-with-aliases'] : []),
  ]);
  return { ...draw, gateway, authority, settings: draw.settings.filter((one) => !left.has(one)) };
}

const names = ['west', 'east', 'north', 'south'];

/** The healthy mesh of a draw. A new object. */
export function meshOf(draw: Draw): Mesh {
  const snapshot = sampleSnapshot(names.slice(0, draw.clusters));
  const mesh = { snapshot, clusters: snapshot.clusters as SampleCluster[] };
  const wanted = new Set([draw.network, draw.gateway, draw.authority, ...draw.settings]);
  const order = [...authoritySpellings, ...settingSpellings, ...gatewaySpellings, ...networkSpellings];
  if (draw.remote) remoteCluster(mesh);
  for (const { id, apply } of order) if (wanted.has(id)) apply(mesh);
  return mesh;
}

/** The draw in a line. */
export const textOfDraw = ({ clusters, network, gateway, authority, remote, settings }: Draw): string =>
  [
    `${clusters} clusters`,
    network,
    gateway,
    authority,
    ...(remote ? ['a remote cluster'] : []),
    ...settings,
  ].join(', ');
