import { shellWord } from '../../base/shell-word.ts';
import { throwTogether } from '../../base/settle-all.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import type { MarkedObject } from '../../mesh/mark-signature.ts';
import { ChangedSince, throwLeft } from '../heal/changed-since.ts';

/** A mark of a change in a cluster. Each user with write access to its object can have written it. */
export interface Mark {
  cluster: string;
  /** The object that carries it, `Kind namespace/name`. */
  object: string;
  /** The requested change, as the end of the sentence `asks to …`. */
  asks: string;
  /** This machine signed the mark, for this object of this cluster, with these values. */
  isSigned: boolean;
  /** The reason why it is refused even when a person trusts it, such as wrong values. */
  problem?: string | undefined;
  /** The object before and after, one line or more, for the person who decides. */
  change(): Promise<string>;
  /** The command that makes the requested change. */
  toDo?: string | undefined;
  /** The command that deletes the mark, or the object that is nothing but a mark. */
  toDelete: string;
  /** Makes the change. Returns it as a line. */
  act(): Promise<string>;
}

/** A mark that was left alone, with advice. */
export interface RefusedMark {
  /** A cluster, or `journal` for a file of the journal that is not an entry. */
  where: string;
  object: string;
  asks: string;
  reason: string;
  advice: string;
}

/** A refused mark in one line. */
export const wordRefused = ({ where, object, asks, reason, advice }: RefusedMark): string =>
  `${where}: ${object} asks to ${asks}: not done, because ${reason}. ${advice}`;

/** The policy for marks, and the receiver of refused marks. */
export interface MarkPolicy {
  refused: (mark: RefusedMark) => void;
  /** Asks a person about a mark without a signature. If absent, such a mark is refused. */
  trust?: ((mark: Mark) => Promise<boolean>) | undefined;
}

/** Heals the marks of a cluster. A mark that fails does not keep other marks from being healed. */
export class MarkHealing {
  readonly #policy: MarkPolicy;
  readonly #failures: unknown[] = [];

  constructor(policy: MarkPolicy) {
    this.#policy = policy;
  }

  /** Makes the changes of signed or trusted marks, in order. @returns the changes, a line each. */
  async heal(marks: readonly Mark[]): Promise<string[]> {
    const done: string[] = [];
    for (const mark of marks)
      await this.attempt(async () => {
        const reason = await this.#reasonAgainst(mark);
        if (reason === undefined) done.push(await mark.act());
        else this.#policy.refused(refusedOf(mark, reason));
      });
    return done;
  }

  /** Runs one part of the healing; its failure is thrown by {@link throwFailures}. */
  async attempt<T>(part: () => Promise<T>): Promise<T | undefined> {
    try {
      return await part();
    } catch (error) {
      this.#failures.push(error);
      return undefined;
    }
  }

  /** @throws ChangedSince, or an error with all failures, when something could not be healed. */
  throwFailures(): void {
    const isLeft = (error: unknown) => error instanceof ChangedSince;
    if (this.#failures.every(isLeft)) throwLeft(this.#failures.filter(isLeft));
    throwTogether(this.#failures, 'Not all marks could be healed');
  }

  async #reasonAgainst(mark: Mark): Promise<string | undefined> {
    if (mark.problem !== undefined) return mark.problem;
    if (mark.isSigned) return undefined;
    if (!this.#policy.trust) return 'it has no signature of this machine and no entry in the local journal';
    return (await this.#policy.trust(mark)) ? undefined : 'you declined it';
  }
}

const refusedOf = ({ cluster, object, asks, toDo, toDelete }: Mark, reason: string): RefusedMark => ({
  ...{ where: cluster, object, asks, reason },
  advice: `${toDo === undefined ? '' : `To do it: ${toDo}. `}To delete the mark: ${toDelete}.`,
});

/** `Kind namespace/name`. */
export const objectName = ({ kind, namespace, name }: MarkedObject): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

const mostShown = 80;

/** A value from a cluster as it can be printed: short, quoted, and of printable characters. */
export const shown = (value: string): string =>
  JSON.stringify(value.length > mostShown ? `${value.slice(0, mostShown)}…` : value).replaceAll(
    /[^\x20-\x7e…]/g,
    '?',
  );

/** A kubectl command for a cluster, as a shell takes it. */
export function kubectl({ file: { context, kubeconfig } }: MeshCluster, ...args: string[]): string {
  const to = [...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]), '--context', context];
  return `\`${['kubectl', ...to, ...args].map(shellWord).join(' ')}\``;
}

/** The arguments by which kubectl finds an object. */
export function kubectlObject({ apiVersion, kind, namespace, name }: MarkedObject): string[] {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return [`${kind.toLowerCase()}${group}`, name, ...(namespace ? ['--namespace', namespace] : [])];
}

/** The command that removes labels or annotations of an object. */
export const kubectlUnmark = (
  cluster: MeshCluster,
  verb: 'label' | 'annotate',
  object: MarkedObject,
  names: readonly string[],
): string => kubectl(cluster, verb, ...kubectlObject(object), ...names.map((name) => `${name}-`));
