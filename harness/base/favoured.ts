/**
 * What to spawn so that a program runs before other work on a busy machine, as far as we may: a sender, or a reader of answers, that
 * waits for a processor measures the machine. Spawn it `detached`, in a session of its own: where Linux shares processors between
 * sessions first (sched(7), autogroup), it is the session's niceness that counts. Where it is not allowed, such as to a user who is not
 * root, the program runs like any other. Its process is the one that was spawned.
 */
export const favoured = (program: readonly string[]): [command: string, args: string[]] => [
  'sh',
  ['-c', favour, 'sh', ...program],
];

const niceness = -10;

const favour = `(echo ${niceness} >/proc/self/autogroup; renice -n ${niceness} -p $$) >/dev/null 2>&1; exec "$@"`;
