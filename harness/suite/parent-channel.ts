/**
 * Ends this run as Ctrl-C does, so that its fixtures heal, once the channel to the command that started it is closed: that
 * command was interrupted, or it was killed and could say nothing. A run that was started by hand has no such channel.
 */
export function endWithCommand(): void {
  if (process.connected === undefined) return;
  // Nobody may be reading any more, and that must not keep a run from healing.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const interrupt = (): void => void process.kill(process.pid, 'SIGINT');
  if (!process.connected) return interrupt();
  process.once('disconnect', interrupt);
  process.channel?.unref(); // a run that has ended is not held up
}
