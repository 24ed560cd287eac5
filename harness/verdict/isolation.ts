import type { Outcome, RequestRecord } from '../traffic/timeline.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, tally } from './wording.ts';

/** A call to the address of a pod in another network. */
export interface DirectAttempt {
  address: string;
  /** A pod of the caller's own network has the same address, or answered from it: the call should reach that pod. */
  alsoHere: boolean;
  record: RequestRecord;
}

/** The outcomes of a call to an address that nothing answers. */
const silence: readonly Outcome[] = ['connectFailure', 'clientTimeout', 'upstreamTimeout'];

/**
 * Judges whether pods of `cluster` cannot be reached directly: no pod of the cluster answers. Addresses that the caller's own
 * network does not use must stay silent, without even a refusal. `control` is a call on the same path to a pod of the
 * caller's network; without its answer, silence proves nothing.
 */
export function judgeIsolation(options: {
  cluster: string;
  control: RequestRecord;
  attempts: readonly DirectAttempt[];
}): Judgement {
  const { cluster, control, attempts } = options;
  const answered = attempts.filter(({ record }) => record.origin?.cluster === cluster);
  const responded = attempts.filter(
    (one) => !one.alsoHere && !answered.includes(one) && !silence.includes(one.record.outcome),
  );
  const measurements = [
    measured('addresses tried', attempts.length, ''),
    measured('addresses in use on both sides', attempts.filter(({ alsoHere }) => alsoHere).length, ''),
    measured(`answers from ${cluster}`, answered.length, '', { atMost: 0 }),
    measured('other responses', responded.length, '', { atMost: 0 }),
  ];
  const complaints: string[] = [];
  if (answered.length > 0)
    complaints.push(
      `${count(answered.length, 'pod')} of ${cluster} answered at the pod's own address: ${answered.map(describe).join(', ')}`,
    );
  if (responded.length > 0)
    complaints.push(
      `addresses that only pods of ${cluster} have responded: ${responded.map(describe).join(', ')}`,
    );
  if (complaints.length === 0) {
    if (attempts.length === 0) return cannotJudge(`no pod of ${cluster} was called`, measurements);
    if (control.outcome !== 'ok')
      return cannotJudge(
        `the caller cannot reach a pod of the same network either (${control.outcome}: ${control.detail ?? ''}), so silence proves nothing`,
        measurements,
      );
  }
  const outcomes = tally(
    attempts.map(({ record }) => [
      record.outcome + (record.origin ? ' by a pod of the same network' : ''),
      1,
    ]),
  );
  return unless(
    complaints,
    `${count(attempts.length, 'pod')} in ${cluster} could not be reached directly: ${outcomes}`,
    measurements,
  );
}

const describe = ({ address, record }: DirectAttempt) =>
  `${address} (${record.outcome}${record.origin ? ` by ${record.origin.pod}` : ''})`;
