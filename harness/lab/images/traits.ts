import { inspect } from '../../base/docker.ts';
import type { Engine } from '../engine.ts';

/** Labels of the images that are built from packages; official images do not have them. */
export const noCniLabel = 'meshproof.dev/cni';
export const stockEnvoyLabel = 'meshproof.dev/envoy';

/** The traits that the labels of images declare; official images do not have these labels. */
export interface ImageTraits {
  /** Whether the node image contains a CNI. */
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

/** The images of one lab, and their source. */
export interface LabImages extends ImageTraits {
  source: 'registry' | 'packages';
  /** The node image for kind. */
  node: string;
  istio: { hub: string; tag: string };
  /** Images that are on the engine and must be loaded into each node. */
  load: string[];
  /** A small image with iproute2 and iptables, for the wide-area link. */
  tools: string;
  /** Differences from clusters/images and images that could not be verified, a sentence for each. The user has to see them. */
  notes: string[];
}
