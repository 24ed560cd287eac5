import type { Missing, Source } from '../snapshot/schema.ts';

/** A check asked for data that the snapshot does not have. The check cannot judge the item that needs the data. */
export class NotRead extends Error {
  override readonly name = 'NotRead';
  readonly cluster: string;
  /** The gap in the snapshot; undefined if the API server of the cluster did not answer. */
  readonly missing: Missing | undefined;

  constructor(cluster: string, missing?: Missing) {
    const what = missing ? `${missing.what} of ${cluster} (${missing.reason})` : `the cluster ${cluster}`;
    super(`The snapshot does not have ${what}.`);
    this.cluster = cluster;
    this.missing = missing;
  }
}

/** The data that a check asked for, and the gaps that it met. */
export class ReadLog {
  readonly asked = new Set<Source>();
  readonly gaps = new Set<Missing>();

  clear(): void {
    this.asked.clear();
    this.gaps.clear();
  }
}

/** Judges each item by itself: data that was not read ends the judgement of its item, not of the others. */
export function* separately<T, R>(items: Iterable<T>, judge: (item: T) => Iterable<R>): Iterable<R> {
  for (const item of items)
    try {
      yield* judge(item);
    } catch (error) {
      if (!(error instanceof NotRead)) throw error;
    }
}

/** Makes a value of each item, and leaves out the items whose data was not read. */
export function fromReadable<T, R>(items: Iterable<T>, make: (item: T) => readonly R[]): R[] {
  return [...items].flatMap((item) => {
    try {
      return make(item);
    } catch (error) {
      if (error instanceof NotRead) return [];
      throw error;
    }
  });
}

/** Whether an item fits. Throws NotRead if no readable item fits and the data of another item was not read. */
export function anyOf<T>(items: Iterable<T>, fits: (item: T) => boolean): boolean {
  let unread: NotRead | undefined;
  for (const item of items)
    try {
      if (fits(item)) return true;
    } catch (error) {
      if (!(error instanceof NotRead)) throw error;
      unread ??= error;
    }
  if (unread) throw unread;
  return false;
}
