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

/** Whether a connection was left open: answered, or kept by whoever completed the handshake. Silence before that is on the way. */
export const isOpen = ({ ended, handshake }: Attempt): boolean =>
  ended === 'answered' || (ended === 'silence' && handshake === 'completed');

/**
 * Judges whether a workload refused TLS clients (SEC-03): it showed its certificate, then ended the connection, and not a
 * byte of an answer came. In TLS 1.3 a client learns that it is refused only after the handshake, so a completed one says
 * nothing (RFC 8446, 4.4.2.4). Cannot judge where the workload's certificate was not seen: who never got there was not refused.
 */
export function judgeRefusal({ attempts, server, atLeast, scope }: RefusalExpectation): Judgement {
  const bytes = attempts.reduce((sum, one) => sum + one.received.length, 0);
  const astray = attempts.filter((one) => !one.chain[0]?.uris.includes(server));
  const open = attempts.filter(isOpen).length;
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
