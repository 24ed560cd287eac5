import { CommandFailed } from '../../base/command.ts';
import { docker } from '../../base/docker.ts';
import type { Engine } from '../engine.ts';

/** The one of now, and those of two other checkouts or of the pins before: each takes more than a gigabyte, and minutes to make. */
const kept = 3;

/** Removes images of a repository but for the current and the newest others; one that a lab runs on stays, too. */
export async function removeOlder(engine: Engine, repository: string, current: string): Promise<void> {
  // The newest first: https://docs.docker.com/reference/cli/docker/image/ls/
  const printed = await docker(engine, ['images', repository, '--format', '{{.Repository}}:{{.Tag}}']);
  const others = printed.split('\n').filter((name) => name !== '' && name !== current);
  for (const image of others.slice(kept - 1)) {
    try {
      await docker(engine, ['rmi', image]);
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
    }
  }
}
