import type { Mesh } from '../../mesh/attach.ts';
import { connectFrom, labOf, type Connected, type LabAccess } from '../lab-containers.ts';
import { endsOf, type Passage, type Way } from './ways.ts';

/** One TCP connection over the link that was tried. */
export interface Look {
  way: Way;
  port: number;
  address: string;
  seen: Connected;
}

/**
 * Tries a TCP connection for each way and port of a passage, from the node of the one cluster to that of the other:
 * beneath the mesh, by the node's own kernel.
 */
export async function lookAcross(mesh: Mesh, passage: Pick<Passage, 'ways' | 'ports'>): Promise<Look[]> {
  const lab = labOf(mesh);
  const each = passage.ways.flatMap((way) => passage.ports.map((port) => ({ way, port })));
  return Promise.all(each.map(({ way, port }) => lookAt(lab, way, port)));
}

async function lookAt(lab: LabAccess, way: Way, port: number): Promise<Look> {
  const { container, address } = await endsOf(lab, way);
  return { way, port, address, seen: await connectFrom(lab, container, address, port) };
}

/** `west to 10.77.1.3:15443 (east): silent after 905 ms`. */
export const wordLook = ({ way, port, address, seen }: Look): string =>
  `${way.from} to ${address}:${port} (${way.to}): ${seen.how} after ${seen.afterMs} ms`;

/** @throws Error when one was not answered: it cannot be broken by us then. */
export function requireAnswered(looks: readonly Look[]): void {
  const broken = looks.filter(({ seen }) => seen.how !== 'answered');
  if (broken.length > 0)
    throw new Error(
      `Broken before it was disturbed, which proves nothing: ${broken.map(wordLook).join('; ')}.`,
    );
}
