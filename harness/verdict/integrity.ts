import type { Arrivals, Transfer } from '../traffic/transfers.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, ms } from './wording.ts';

/**
 * Judges whether bodies cross intact: every transfer is answered by the cluster meant and has every byte in its place.
 * Without a transfer it cannot judge.
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
    `all ${transfers.length} bodies that ${cluster} sent arrived intact, ${bytes} bytes`,
    measurements,
  );
}

/**
 * Judges whether a stream crossed as one: it was not kept back until the end, and no piece of it made the next wait for
 * longer than a pause. `leastMs` is how long the server takes to send it: faster is no stream.
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
  if (endMs < leastMs) complaints.push(`the stream ended after ${ms(endMs)}, but lasts ${ms(leastMs)}`);
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
  const place = wrongAt === undefined ? 'it ends too early' : `the first wrong byte is at ${wrongAt}`;
  return `${what}: ${receivedBytes} of ${expectedBytes} bytes arrived, ${place}`;
}
