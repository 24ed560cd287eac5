/**
 * Thrown by a suite or a matcher when the mesh did not do what it promised. Any other error means that the promise
 * could not be judged; the message must name what was expected and what was seen.
 */
export class PromiseBroken extends Error {
  override readonly name = 'PromiseBroken';
}
