import type { Outcome, RequestRecord } from '../traffic/timeline.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, tally } from './wording.ts';

/** A call to the address of a pod in another network. */
export interface DirectAttempt {
  address: string;
  /** A pod of the caller's own network has the same address, or answered from it: the call should end there. */
  alsoHere: boolean;
  record: RequestRecord;
}

/** What a call ends in when nothing is at the other end. */
const silence: readonly Outcome[] = ['connectFailure', 'clientTimeout', 'upstreamTimeout'];

/**
 * Judges whether pods of `cluster` are out of direct reach: nothing is answered from there, and at addresses that the
 * caller's own network does not use nothing is heard at all, not even a refusal. `control` is a call by the same way to
 * a pod that can be reached; unless it was answered, silence proves nothing.
 */
export function judgeIsolation(options: {
  cluster: string;
  control: RequestRecord;
  attempts: readonly DirectAttempt[];
}): Judgement {
  const { cluster, control, attempts } = options;
  const answered = attempts.filter(({ record }) => record.origin?.cluster === cluster);
  const heard = attempts.filter(
    (one) => !one.alsoHere && !answered.includes(one) && !silence.includes(one.record.outcome),
  );
  const measurements = [
    measured('addresses tried', attempts.length, ''),
    measured('addresses in use on both sides', attempts.filter(({ alsoHere }) => alsoHere).length, ''),
    measured('answers from there', answered.length, '', { atMost: 0 }),
    measured('other signs of life', heard.length, '', { atMost: 0 }),
  ];
  const complaints: string[] = [];
  if (answered.length > 0)
    complaints.push(
      `${count(answered.length, 'pod')} of ${cluster} answered at the pod's own address: ${answered.map(wordAttempt).join(', ')}`,
    );
  if (heard.length > 0)
    complaints.push(
      `something was heard at addresses that only pods of ${cluster} have: ${heard.map(wordAttempt).join(', ')}`,
    );
  if (complaints.length === 0) {
    if (attempts.length === 0) return cannotJudge(`no pod of ${cluster} was tried`, measurements);
    if (control.outcome !== 'ok')
      return cannotJudge(
        `the caller does not even reach a pod of its own network (${control.outcome}: ${control.detail ?? ''}), so silence proves nothing`,
        measurements,
      );
  }
  const outcomes = tally(
    attempts.map(({ record }) => [record.outcome + (record.origin ? ' by an own pod' : ''), 1]),
  );
  return unless(
    complaints,
    `none of the addresses of ${count(attempts.length, 'pod')} in ${cluster} could be reached directly: ${outcomes}`,
    measurements,
  );
}

const wordAttempt = ({ address, record }: DirectAttempt) =>
  `${address} (${record.outcome}${record.origin ? ` by ${record.origin.pod}` : ''})`;
