import { CommandFailed } from '../../base/command.ts';
import { docker } from '../../base/docker.ts';
import type { Engine } from '../engine.ts';

/** The current image and two others, of other checkouts or older pins. Each takes more than a gigabyte, and minutes to build. */
const kept = 3;

/** Removes the images of a repository, except the current one, the newest others, and images that a lab uses. */
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
