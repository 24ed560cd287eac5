/**
 * The connection from meshproof to the sender of the requests is broken, such as a port-forward to a replaced pod. The
 * request says nothing about the mesh, so it is not a part of a timeline. Callers branch on this error.
 */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure';

  constructor(target: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`The connection to ${target} is broken: ${reason}`, { cause });
  }
}
