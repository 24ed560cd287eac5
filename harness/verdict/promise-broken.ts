/**
 * A suite or a matcher throws it when the mesh broke a promise. Any other error means that the promise could not be judged.
 * The message must name the expected and the observed value.
 */
export class PromiseBroken extends Error {
  override readonly name = 'PromiseBroken';
}
