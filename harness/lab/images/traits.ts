import { inspect } from '../../base/docker.ts';
import type { Engine } from '../engine.ts';

/** Labels of the images that are made from packages; the official ones have neither. */
export const noCniLabel = 'meshproof.dev/cni';
export const stockEnvoyLabel = 'meshproof.dev/envoy';

/** What images say of themselves by labels, wherever they came from; the official ones have neither label. */
export interface ImageTraits {
  /** Whether the node image brings a CNI of its own. */
  hasCni: boolean;
  /** Whether the proxy is stock Envoy, without Istio's own filters. */
  stockEnvoy: boolean;
}

/** Reads the traits of a node image and a proxy image that are on the engine. */
export async function traitsOf(engine: Engine, node: string, proxy: string): Promise<ImageTraits> {
  const label = (image: string, name: string) =>
    inspect(engine, 'image', image, `{{index .Config.Labels "${name}"}}`);
  return {
    hasCni: (await label(node, noCniLabel)) !== 'none',
    stockEnvoy: (await label(proxy, stockEnvoyLabel)) === 'stock',
  };
}

/** What one lab runs on, and where its images came from. */
export interface LabImages extends ImageTraits {
  source: 'registry' | 'packages';
  /** The node image for kind. */
  node: string;
  istio: { hub: string; tag: string };
  /** Images that are on the engine and must be loaded into each node. */
  load: string[];
  /** A small image with iproute2 and iptables, for the wide-area link. */
  tools: string;
  /** What differs from clusters/images, or could not be verified, a sentence each: the user has to see it. */
  notes: string[];
}
