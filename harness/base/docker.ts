import { CommandFailed, run, type CommandOptions } from './command.ts';
import { timeouts } from './timeouts.ts';

/** A Docker engine, by its endpoint as in DOCKER_HOST. */
export interface DockerEngine {
  endpoint: string;
}

/** What Docker's client does with images and large files; everything else is done in a moment. */
const long = ['build', 'cp', 'import', 'load', 'pull', 'save', 'start'];

/**
 * Docker's command line, speaking to one engine. No command waits for ever: an engine that hangs (its disk does not answer, its
 * containerd is gone) takes connections and says nothing.
 *
 * @throws CommandFailed with its words; Error when it is not done within {@link timeouts.commandMs}, or for images
 *   {@link timeouts.imageMs}.
 */
export const docker = (engine: DockerEngine, args: string[], options: CommandOptions = {}): Promise<string> =>
  run(['docker', ...args], {
    limitMs: long.includes(args[0] ?? '') ? timeouts.imageMs : timeouts.commandMs,
    ...options,
    env: { DOCKER_HOST: engine.endpoint, DOCKER_BUILDKIT: '0', ...options.env },
  });

/** The output of `docker KIND inspect` with a format; undefined if the object does not exist. */
export async function inspect(
  engine: DockerEngine,
  kind: 'image' | 'network' | 'container',
  name: string,
  format: string,
  options: Pick<CommandOptions, 'signal'> = {},
): Promise<string | undefined> {
  try {
    return await docker(engine, [kind, 'inspect', '--format', format, name], options);
  } catch (error) {
    if (error instanceof CommandFailed && /no such|not found/i.test(error.stderr)) return undefined;
    throw error;
  }
}
