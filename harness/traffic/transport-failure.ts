/**
 * The way to the place that sends the requests is broken (a port-forward, a pod that was replaced): nothing was
 * learnt about the mesh. Callers branch on it: such a request is no evidence and never part of a timeline.
 */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure';

  constructor(target: string, cause: unknown) {
    const said = cause instanceof Error ? cause.message : String(cause);
    super(`The way to ${target} is broken, so the request is no evidence: ${said}`, { cause });
  }
}
