/**
 * Calls `act` once, however often the returned function is called: all calls get the same promise. After a failure the next call tries again,
 * since both a test and its fixture restore a mesh.
 */
export function once<T>(act: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () =>
    (done ??= act().catch((error: unknown) => {
      done = undefined;
      throw error;
    }));
}
