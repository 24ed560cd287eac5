/**
 * Does something once, however often it is asked for: all who ask get the same promise. After a failure whoever asks next tries again:
 * what puts a mesh back is asked by a test, and by its fixture after it.
 */
export function once<T>(act: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () =>
    (done ??= act().catch((error: unknown) => {
      done = undefined;
      throw error;
    }));
}
