import type { Mesh } from '../../mesh/attach.ts';
import { connectFrom, labOf, type Connected, type LabAccess } from '../lab-containers.ts';
import { endsOf, type Passage, type Direction } from './directions.ts';

/** An attempt of a TCP connection over the link. */
export interface Attempt {
  direction: Direction;
  port: number;
  address: string;
  seen: Connected;
}

/**
 * Opens a TCP connection for each direction and port of a passage, from the node of one cluster to the node of the
 * other: below the mesh, by the kernel of the node.
 */
export async function connectAcross(
  mesh: Mesh,
  passage: Pick<Passage, 'ways' | 'ports'>,
): Promise<Attempt[]> {
  const lab = labOf(mesh);
  const each = passage.ways.flatMap((direction) => passage.ports.map((port) => ({ direction, port })));
  return Promise.all(each.map(({ direction, port }) => connectAlong(lab, direction, port)));
}

async function connectAlong(lab: LabAccess, direction: Direction, port: number): Promise<Attempt> {
  const { container, address } = await endsOf(lab, direction);
  return { direction, port, address, seen: await connectFrom(lab, container, address, port) };
}

/** `west to 10.77.1.3:15443 (east): silent after 905 ms`. */
export const attemptText = ({ direction, port, address, seen }: Attempt): string =>
  `${direction.from} to ${address}:${port} (${direction.to}): ${seen.how} after ${seen.afterMs} ms`;

/** @throws Error if a connection was not answered before the fault. */
export function requireAnswered(attempts: readonly Attempt[]): void {
  const broken = attempts.filter(({ seen }) => seen.how !== 'answered');
  if (broken.length > 0)
    throw new Error(
      `The link fails before the fault, which proves nothing: ${broken.map(attemptText).join('; ')}.`,
    );
}
