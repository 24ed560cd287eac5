import { z } from 'zod';
import { CommandFailed } from '../../base/command.ts';
import { bounds } from '../bounds.ts';
import { defineFault, FaultUnavailable, type AnyFault, type Case } from '../fault.ts';
import { changeIn, labOf, shell, undoIn, type LabAccess } from '../lab-containers.ts';
import { connectAcross, requireAnswered, attemptText } from './connections.ts';
import { passageOf, passageSchema, directionParameters, type Passage } from './directions.ts';

/** Which packets wait in a queue of the link: all that leave towards a cluster, whatever their port. */
export const queueParameters = {
  to: directionParameters.to.describe(
    'Only packets that leave the link towards this cluster; all when not given.',
  ),
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

/** What it takes to undo a queue: the interfaces of the link that have one. */
export type QueueUndo = z.infer<typeof undo>;

/** The disciplines that are ours: an interface of the link has none by itself. */
export const ourDisciplines = ['tbf', 'netem'] as const;

/** A fault of the queues that packets leave the wide-area link by: slower or later, none is taken away by rule. */
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
      return `the link has no queue of ours any more; ${attempts.map(attemptText).join('; ')}`;
    },
  });

/** A shell script that takes a queue of ours from an interface, if there is one. */
export const removeQueue = (device: string): string =>
  `tc qdisc show dev ${device} root | grep -qE '^qdisc (${ourDisciplines.join('|')}) ' && tc qdisc del dev ${device} root || true`;

async function requireFree(lab: LabAccess, interfaces: readonly string[]): Promise<void> {
  for (const device of interfaces) {
    const shown = await shell(lab, lab.link, `tc qdisc show dev ${device} root`);
    if (ourDisciplines.some((name) => shown.startsWith(`qdisc ${name} `)))
      throw new Error(`Interface ${device} of the link ${lab.link} has a queue already: ${shown}.`);
  }
}

/** Tries the discipline on the link's loopback, which nobody uses. */
async function requireKnown(lab: LabAccess, discipline: string): Promise<void> {
  try {
    const dev = 'dev lo root';
    await shell(lab, lab.link, `tc qdisc add ${dev} ${discipline} && tc qdisc del ${dev}`);
  } catch (error) {
    if (!(error instanceof CommandFailed) || !/unknown|no such file/i.test(error.stderr)) throw error;
    const [name] = discipline.split(' ');
    throw new FaultUnavailable(
      `The kernel has no ${name}: it cannot queue packets so (tc said: ${error.stderr.trim().split('\n')[0]}).`,
      { cause: error },
    );
  }
}

/** What an interface's queue has let through and held back so far. */
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

/** The direction that leads out of an interface of the link. */
export function directionOutOf({ ways }: Passage, device: string): Passage['ways'][number] {
  const direction = ways.find(({ out }) => out === device);
  if (direction) return direction;
  throw new Error(`No direction of the link leads out of ${device}.`);
}
