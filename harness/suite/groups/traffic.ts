/** Group `traffic` for suites: calls, recordings and loads. */

export { Caller } from '../../traffic/caller.ts';
export { foreignIdentity } from '../../traffic/foreign-identity.ts';
export { type Exchange, recordOf, send } from '../../traffic/probe.ts';
export { readTrust } from '../../traffic/read-trust.ts';
export { type Recording, record, recordCount } from '../../traffic/recorder.ts';
export { awaitStreak, recordFurther } from '../../traffic/streak.ts';
export type { Good, RequestRecord, Timeline } from '../../traffic/timeline.ts';
export { type TlsResult, eastWestSni } from '../../traffic/tls.ts';
export { download, echo, streamMs, takeStream } from '../../traffic/transfers.ts';
export { watchStarvation } from '../cpu-starvation.ts';
export { loadPathsTo, loadRate } from '../load-path.ts';
export { requestPathsTo } from '../request-paths.ts';
export { provenBy } from '../under-load.ts';
