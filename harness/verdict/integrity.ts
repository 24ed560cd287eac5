import type { Arrivals, Transfer } from '../traffic/transfers.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, ms } from './wording.ts';

/**
 * Judges whether bodies arrive intact: the intended cluster answers every transfer, and every byte is correct. Cannot judge
 * without a transfer.
 */
export function judgeIntact(cluster: string, transfers: readonly Transfer[]): Judgement {
  const problems = transfers.flatMap((one) => problemOf(one, cluster) ?? []);
  const bytes = transfers.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
  const measurements = [
    measured('bodies', transfers.length, ''),
    measured('bodies not intact', problems.length, '', { atMost: 0 }),
    measured('bytes received', bytes, 'bytes'),
  ];
  if (transfers.length === 0) return cannotJudge('nothing was transferred', measurements);
  const shown = problems.slice(0, 3);
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
  return unless(
    problems.length > 0 ? [...shown, ...more] : [],
    `all ${transfers.length} bodies from ${cluster} arrived intact, ${bytes} bytes`,
    measurements,
  );
}

/**
 * Judges whether a stream arrived as a stream: no hop buffered it, and the pause between two pieces was at most
 * `longestPauseMs`. `leastMs` is how long the server takes to send the stream; a shorter transfer is not a stream.
 */
export function judgeStreaming(
  { arrivedMs, endMs }: Arrivals,
  options: { leastMs: number; longestPauseMs: number },
): Judgement {
  const { leastMs, longestPauseMs } = options;
  const pauses = [...arrivedMs, endMs].map(
    (atMs, index) => atMs - (index === 0 ? 0 : (arrivedMs[index - 1] ?? 0)),
  );
  const longest = Math.round(Math.max(0, ...pauses));
  const measurements = [
    measured('pieces of the stream', arrivedMs.length, ''),
    measured('longest pause of the stream', longest, 'ms', { atMost: longestPauseMs }),
    measured('duration of the stream', Math.round(endMs), 'ms', { atLeast: leastMs }),
  ];
  const complaints: string[] = [];
  if (longest > longestPauseMs)
    complaints.push(`the stream paused for ${ms(longest)}, at most ${ms(longestPauseMs)} may pass`);
  if (endMs < leastMs)
    complaints.push(`the stream ended after ${ms(endMs)}, but the server sends it for ${ms(leastMs)}`);
  return unless(
    complaints,
    `the stream arrived in ${count(arrivedMs.length, 'piece')} over ${ms(endMs)}, the longest pause ${ms(longest)}`,
    measurements,
  );
}

function problemOf(transfer: Transfer, cluster: string): string | undefined {
  const { what, outcome, detail, from, expectedBytes, receivedBytes, wrongAt } = transfer;
  if (outcome !== 'ok')
    return `${what}: ${outcome} after ${receivedBytes} of ${expectedBytes} bytes (${detail ?? ''})`;
  if (from !== undefined && from !== cluster) return `${what}: answered by ${from}, not ${cluster}`;
  if (wrongAt === undefined && receivedBytes === expectedBytes) return undefined;
  const place = wrongAt === undefined ? 'the body ends too early' : `the first wrong byte is at ${wrongAt}`;
  return `${what}: ${receivedBytes} of ${expectedBytes} bytes arrived, ${place}`;
}
