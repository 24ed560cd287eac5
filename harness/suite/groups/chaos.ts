/** Group `chaos` for suites: kinds of faults, and changes of Deployments that are not faults. */

export { faults } from '../../chaos/faults.ts';
export { awaitPods, resize, scale } from '../../chaos/scale.ts';
export { proveServed } from '../../chaos/endpoint-removal.ts';
export { faultEvents } from '../experiment.ts';
