import type { TlsResult } from '../traffic/tls.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, tally } from './wording.ts';

/** What a TLS client that must not be served met. */
export interface RefusalExpectation {
  attempts: readonly Pick<TlsResult, 'handshake' | 'chain' | 'received' | 'ended' | 'alert' | 'error'>[];
  /** SPIFFE id of the workload that was called: its certificate proves that the way there was open. */
  server: string;
  /** Attempts that have to get there. */
  atLeast: number;
  scope?: string;
}

type Attempt = RefusalExpectation['attempts'][number];

const gotThere = ({ chain }: Attempt, server: string): boolean => chain[0]?.uris.includes(server) ?? false;

/** Whether a connection was left open: answered, or kept by the workload itself, which nobody else answers for. */
export const isOpen = (attempt: Attempt, server: string): boolean =>
  attempt.ended === 'answered' || (attempt.ended === 'silence' && gotThere(attempt, server));

/**
 * Judges whether a workload refused TLS clients (SEC-03): it showed its certificate, then ended the connection, and not a
 * byte of an answer came. In TLS 1.3 a client learns that it is refused only after the handshake, so a completed one says
 * nothing (RFC 8446, 4.4.2.4). Cannot judge where the workload's certificate was not seen: who never got there was not refused.
 */
export function judgeRefusal({ attempts, server, atLeast, scope }: RefusalExpectation): Judgement {
  const bytes = attempts.reduce((sum, one) => sum + one.received.length, 0);
  const astray = attempts.filter((one) => !gotThere(one, server));
  const open = attempts.filter((one) => isOpen(one, server)).length;
  const measurements = [
    measured('attempts that got there', attempts.length - astray.length, '', { atLeast, scope }),
    measured('bytes answered', bytes, 'bytes', { atMost: 0, scope }),
    measured('connections not ended', open, '', { atMost: 0, scope }),
  ];
  const complaints = [
    ...(bytes > 0 ? [`${count(bytes, 'byte')} came back in ${count(attempts.length, 'attempt')}`] : []),
    ...(open > 0 ? [`${open} of ${count(attempts.length, 'connection')} were not ended`] : []),
  ];
  if (complaints.length === 0) {
    const arrived = attempts.length - astray.length;
    if (arrived < Math.max(1, atLeast)) {
      const [first] = astray;
      const met = first?.chain[0]?.uris.join(', ') ?? `${first?.handshake}: ${first?.error ?? first?.ended}`;
      const others = first ? `; ${astray.length} met ${met}` : '';
      return cannotJudge(
        `${count(arrived, 'attempt')} got to ${server}, ${atLeast} are needed${others}`,
        measurements,
      );
    }
  }
  const ends = tally(
    attempts
      .filter((one) => !astray.includes(one))
      .map((one) => [one.alert === undefined ? one.ended : `"${one.alert}"`, 1] as const),
  );
  return unless(complaints, `refused by ${server} without a byte: ${ends}`, measurements);
}
