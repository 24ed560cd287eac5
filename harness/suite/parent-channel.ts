/**
 * Ends this run as Ctrl-C does, so that its fixtures heal, when the channel to the parent command closes: the command was interrupted or
 * killed. A run without a parent command does not have a channel.
 */
export function endWithCommand(): void {
  if (process.connected === undefined) return;
  // The reader of the output may be gone, which must not prevent the healing.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const interrupt = (): void => void process.kill(process.pid, 'SIGINT');
  if (!process.connected) return interrupt();
  process.once('disconnect', interrupt);
  process.channel?.unref(); // the channel must not keep a finished run alive
}
