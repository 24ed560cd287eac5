import { z } from 'zod';
import type { Mesh } from '../../mesh/attach.ts';
import { bounds } from '../bounds.ts';
import { defineFault, type AnyFault, type Case } from '../fault.ts';
import {
  addChain,
  chainOf,
  chainText,
  chainsIn,
  countsOf,
  removeChain,
  type Counted,
  type Verdict,
} from '../iptables.ts';
import { changeIn, labOf, shell, undoIn } from '../lab-containers.ts';
import { connectAcross, requireAnswered, attemptText } from './connections.ts';
import {
  matchesOf,
  passageOf,
  passageSchema,
  directionParameters,
  passageText,
  type Passage,
} from './directions.ts';

/** The parts in which faults of the filter of the link differ. */
interface FilterFault<P extends z.ZodObject> {
  id: string;
  title: string;
  parameters: P;
  verdict(parameters: z.output<P>): Verdict;
  /** Waits for the effect on the passage. Returns it as text. */
  prove(of: Case<z.output<P>, { passage: Passage }>): Promise<string>;
}

const undo = z.object({ passage: passageSchema });

/**
 * A fault of the packets that the wide-area link forwards: a chain of iptables before the rules of the link, so that
 * it also affects existing connections. Healing removes the chain, and needs no cluster.
 */
export const filterFault = <P extends z.ZodObject<typeof directionParameters>>(
  fault: FilterFault<P>,
): AnyFault =>
  defineFault({
    ...{ id: fault.id, title: fault.title, parameters: fault.parameters, undo },
    ...{ disturbs: 'link', needsLab: true, stage: 'link', bounds: bounds.link },
    clusters: (_, mesh) => mesh.clusters.map(({ name }) => name),
    prepare: async (mesh, parameters) => {
      const passage = await passageOf(mesh, parameters);
      requireAnswered(await connectAcross(mesh, passage));
      return { passage };
    },
    inject: async ({ mesh, id, parameters, undo: { passage } }) => {
      const lab = labOf(mesh);
      const text = chainText(chainOf(id), 'FORWARD', matchesOf(passage), fault.verdict(parameters));
      await changeIn(lab, lab.link, id, addChain(text));
    },
    prove: (of) => fault.prove(of),
    heal: async ({ mesh, id }) => {
      const lab = labOf(mesh);
      await undoIn(lab, lab.link, id, removeChain(chainOf(id), 'FORWARD'));
    },
    proveHealed: async ({ mesh, id, undo: { passage } }) => {
      const lab = labOf(mesh);
      const saved = await shell(lab, lab.link, 'iptables-save -t filter');
      if (chainsIn(saved).some(({ chain }) => chain === chainOf(id)))
        throw new Error(`The link ${lab.link} still has the chain ${chainOf(id)}.`);
      const attempts = await connectAcross(mesh, passage);
      requireAnswered(attempts);
      return `the link no longer has a rule of the fault; ${attempts.map(attemptText).join('; ')}`;
    },
  });

/** The counters of the chain of a fault. */
export async function countedBy(mesh: Mesh, id: string): Promise<Counted> {
  const lab = labOf(mesh);
  return countsOf(await shell(lab, lab.link, 'iptables-save -c -t filter'), chainOf(id));
}

/**
 * Proves that connections over a passage end as expected, that rules matched packets, and that other ports still
 * answer.
 */
export async function proveCut(
  { mesh, id, undo: { passage } }: Case<unknown, { passage: Passage }>,
  how: 'silent' | 'refused',
): Promise<string> {
  const attempts = await connectAcross(mesh, passage);
  const wrong = attempts.filter(({ seen }) => seen.how !== how);
  if (wrong.length > 0)
    throw new Error(`Connections over the link should be ${how}, but ${wrong.map(attemptText).join('; ')}.`);
  const spared = labOf(mesh).forwards.filter(({ port }) => !passage.ports.includes(port));
  const others = await connectAcross(mesh, { ways: passage.ways, ports: spared.map(({ port }) => port) });
  requireAnswered(others);
  const { taken } = await countedBy(mesh, id);
  if (taken === 0) throw new Error(`The rules of the link for ${passageText(passage)} matched no packet.`);
  const still = spared.length > 0 ? `; port ${spared.map(({ port }) => port).join(', ')} still answers` : '';
  return `${passageText(passage)}: answered before, now ${attempts.map(attemptText).join('; ')}${still}; the rules of the link matched ${taken} packets`;
}
