import { z } from 'zod';
import { CommandFailed } from '../../base/command.ts';
import { bounds } from '../bounds.ts';
import { defineFault, FaultUnavailable, type AnyFault, type Case } from '../fault.ts';
import { changeIn, labOf, shell, undoIn, type LabAccess } from '../lab-containers.ts';
import { connectAcross, requireAnswered, attemptText } from './connections.ts';
import { passageOf, passageSchema, directionParameters, type Passage } from './directions.ts';

/** The packets in a queue of the link: all that leave towards a cluster, on each port. */
export const queueParameters = {
  to: directionParameters.to.describe('Only packets that leave the link towards this cluster; default: all.'),
};

interface QueueFault<P extends z.ZodObject> {
  id: string;
  title: string;
  parameters: P;
  /** The queueing discipline as `tc qdisc add … root` takes it, after tc-tbf(8) or tc-netem(8). */
  discipline(parameters: z.output<P>): string;
  prove(of: Case<z.output<P>, QueueUndo>): Promise<string>;
}

const undo = z.object({ passage: passageSchema, interfaces: z.array(z.string()) });

/** The data to undo a queue: the interfaces of the link that have one. */
export type QueueUndo = z.infer<typeof undo>;

/** The disciplines of meshproof: an interface of the link does not have a queue without a fault. */
export const ownDisciplines = ['tbf', 'netem'] as const;

/** A fault of the outgoing queues of the wide-area link: packets are slower or later, and not filtered by a rule. */
export const queueFault = <P extends z.ZodObject<typeof queueParameters>>(fault: QueueFault<P>): AnyFault =>
  defineFault({
    ...{ id: fault.id, title: fault.title, parameters: fault.parameters, undo },
    ...{ disturbs: 'link', needsLab: true, stage: 'link', bounds: bounds.link },
    clusters: (_, mesh) => mesh.clusters.map(({ name }) => name),
    prepare: async (mesh, parameters) => {
      const lab = labOf(mesh);
      const { to } = parameters as { to?: string };
      const passage = await passageOf(mesh, { ports: 'discovery', oneWay: 'packets', to });
      requireAnswered(await connectAcross(mesh, passage));
      const interfaces = [...new Set(passage.ways.map(({ out }) => out))];
      await requireFree(lab, interfaces);
      await requireKnown(lab, fault.discipline(parameters));
      return { passage, interfaces };
    },
    inject: async ({ mesh, id, parameters, undo: { interfaces } }) => {
      const lab = labOf(mesh);
      const add = interfaces.map((one) => `tc qdisc add dev ${one} root ${fault.discipline(parameters)}`);
      await changeIn(lab, lab.link, id, add.join('; '));
    },
    prove: (of) => fault.prove(of),
    heal: async ({ mesh, id, undo: { interfaces } }) => {
      const lab = labOf(mesh);
      await undoIn(lab, lab.link, id, interfaces.map(removeQueue).join('; '));
    },
    proveHealed: async ({ mesh, undo: { passage, interfaces } }) => {
      await requireFree(labOf(mesh), interfaces);
      const attempts = await connectAcross(mesh, passage);
      requireAnswered(attempts);
      return `the link no longer has a queue of meshproof; ${attempts.map(attemptText).join('; ')}`;
    },
  });

/** A shell script that removes a queue of meshproof from an interface, if it has one. */
export const removeQueue = (device: string): string =>
  `tc qdisc show dev ${device} root | grep -qE '^qdisc (${ownDisciplines.join('|')}) ' && tc qdisc del dev ${device} root || true`;

async function requireFree(lab: LabAccess, interfaces: readonly string[]): Promise<void> {
  for (const device of interfaces) {
    const shown = await shell(lab, lab.link, `tc qdisc show dev ${device} root`);
    if (ownDisciplines.some((name) => shown.startsWith(`qdisc ${name} `)))
      throw new Error(
        `Interface ${device} of the link ${lab.link} already has a queue: ${shown}. Run \`meshproof heal\`.`,
      );
  }
}

/** Tries the discipline on the loopback of the link, which is not in use. */
async function requireKnown(lab: LabAccess, discipline: string): Promise<void> {
  try {
    const dev = 'dev lo root';
    await shell(lab, lab.link, `tc qdisc add ${dev} ${discipline} && tc qdisc del ${dev}`);
  } catch (error) {
    if (!(error instanceof CommandFailed) || !/unknown|no such file/i.test(error.stderr)) throw error;
    const [name] = discipline.split(' ');
    throw new FaultUnavailable(
      `The kernel does not support ${name}, which this fault needs (tc: ${error.stderr.trim().split('\n')[0]}).`,
      { cause: error },
    );
  }
}

/** The counters of the queue of an interface. */
export interface QueueCounts {
  bytes: number;
  heldBack: number;
}

/** Reads them with `tc -s`. */
export async function queueCounts(lab: LabAccess, device: string): Promise<QueueCounts> {
  const printed = await shell(lab, lab.link, `tc -s -j qdisc show dev ${device} root`);
  const [queue] = JSON.parse(printed) as { bytes?: number; overlimits?: number }[];
  return { bytes: queue?.bytes ?? 0, heldBack: queue?.overlimits ?? 0 };
}

/** The direction that leaves by an interface of the link. */
export function directionOutOf({ ways }: Passage, device: string): Passage['ways'][number] {
  const direction = ways.find(({ out }) => out === device);
  if (direction) return direction;
  throw new Error(`Interface ${device} of the link does not belong to a direction.`);
}
