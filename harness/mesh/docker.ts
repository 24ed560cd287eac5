import { CommandFailed, run, type CommandOptions } from './command.ts';

/** A Docker engine, by its endpoint as in DOCKER_HOST. */
export interface DockerEngine {
  endpoint: string;
}

/** Docker's command line, speaking to one engine. */
export const docker = (engine: DockerEngine, args: string[], options: CommandOptions = {}): Promise<string> =>
  run(['docker', ...args], {
    ...options,
    env: { DOCKER_HOST: engine.endpoint, DOCKER_BUILDKIT: '0', ...options.env },
  });

/** What `docker KIND inspect` prints with a format; undefined when there is no such object. */
export async function inspect(
  engine: DockerEngine,
  kind: 'image' | 'network' | 'container',
  name: string,
  format: string,
): Promise<string | undefined> {
  try {
    return await docker(engine, [kind, 'inspect', '--format', format, name]);
  } catch (error) {
    if (error instanceof CommandFailed && /no such|not found/i.test(error.stderr)) return undefined;
    throw error;
  }
}
