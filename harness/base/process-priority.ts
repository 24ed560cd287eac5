/**
 * The command and arguments to spawn so that `program` runs before other processes on a busy machine. A sender of requests that waits for a
 * processor measures the machine, not the mesh. The spawned process is `program` itself.
 *
 * Spawn the command `detached`, in its own session: if Linux shares processors between sessions first (sched(7), autogroup), only the
 * niceness of the session counts. If the user may not raise priorities (only root may), `program` runs with the usual priority.
 */
export const withPriority = (program: readonly string[]): [command: string, args: string[]] => [
  'sh',
  ['-c', raisePriority, 'sh', ...program],
];

const niceness = -10;

const raisePriority = `(echo ${niceness} >/proc/self/autogroup; renice -n ${niceness} -p $$) >/dev/null 2>&1; exec "$@"`;
