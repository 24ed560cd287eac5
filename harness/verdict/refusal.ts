import type { TlsResult } from '../traffic/tls.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, tally } from './wording.ts';

/** The attempts of a TLS client that the server must refuse. */
export interface RefusalExpectation {
  attempts: readonly Pick<TlsResult, 'handshake' | 'chain' | 'received' | 'ended' | 'alert' | 'error'>[];
  /** SPIFFE id of the called workload: its certificate proves that the path to it was open. */
  server: string;
  /** Attempts that have to reach the workload. */
  atLeast: number;
  scope?: string;
}

type Attempt = RefusalExpectation['attempts'][number];

/** Whether the server left a connection open: it answered, or stayed silent after the handshake. Earlier silence is the network's. */
export const isOpen = ({ ended, handshake }: Attempt): boolean =>
  ended === 'answered' || (ended === 'silence' && handshake === 'completed');

/**
 * Judges whether a workload refused TLS clients (SEC-03): it showed its certificate, then ended the connection without a byte
 * of an answer. In TLS 1.3 a client learns of a refusal only after the handshake, so a completed handshake proves nothing
 * (RFC 8446, 4.4.2.4). Cannot judge if too few attempts saw the workload's certificate: the others did not reach it.
 */
export function judgeRefusal({ attempts, server, atLeast, scope }: RefusalExpectation): Judgement {
  const bytes = attempts.reduce((sum, one) => sum + one.received.length, 0);
  const unreached = attempts.filter((one) => !one.chain[0]?.uris.includes(server));
  const open = attempts.filter(isOpen).length;
  const measurements = [
    measured('attempts that reached the workload', attempts.length - unreached.length, '', {
      atLeast,
      scope,
    }),
    measured('bytes answered', bytes, 'bytes', { atMost: 0, scope }),
    measured('connections not ended', open, '', { atMost: 0, scope }),
  ];
  const complaints = [
    ...(bytes > 0
      ? [`the server answered with ${count(bytes, 'byte')} in ${count(attempts.length, 'attempt')}`]
      : []),
    ...(open > 0 ? [`${open} of ${count(attempts.length, 'connection')} were not ended`] : []),
  ];
  if (complaints.length === 0) {
    const arrived = attempts.length - unreached.length;
    if (arrived < Math.max(1, atLeast)) {
      const [first] = unreached;
      const met = first?.chain[0]?.uris.join(', ') ?? `${first?.handshake}: ${first?.error ?? first?.ended}`;
      const others = first ? `; ${unreached.length} ended at ${met}` : '';
      return cannotJudge(
        `${count(arrived, 'attempt')} reached ${server}, ${atLeast} are needed${others}`,
        measurements,
      );
    }
  }
  const ends = tally(
    attempts
      .filter((one) => !unreached.includes(one))
      .map((one) => [one.alert === undefined ? one.ended : `"${one.alert}"`, 1] as const),
  );
  return unless(complaints, `refused by ${server} without a byte: ${ends}`, measurements);
}
