import { spawn } from 'node:child_process';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInstalled, run } from '../base/command.ts';
import { makeFolder } from '../base/folders.ts';
import { timeouts } from '../base/timeouts.ts';
import { missingCapabilities } from './capabilities.ts';
import { ensureCommands } from './debian.ts';
import { waitForTurn } from './lock.ts';
import { cacheRoot, projectRoot } from './paths.ts';
import type { StepOptions } from './step.ts';

/** A Docker engine that answers. */
export interface Engine {
  /** As in DOCKER_HOST. */
  endpoint: string;
  version: string;
  /** Whether meshproof started it, and may therefore stop it. */
  ours: boolean;
}

const home = (): string => join(cacheRoot(), 'engine');
const files = {
  pid: () => join(home(), 'dockerd.pid'),
  log: () => join(home(), 'dockerd.log'),
  runtime: () => join(home(), 'runc-within-bounds'),
};
/** Where the private engine listens. */
export const privateEndpoint = (): string => `unix://${join(home(), 'docker.sock')}`;

async function versionOf(endpoint: string): Promise<string | undefined> {
  try {
    return await run(['docker', 'version', '--format', '{{.Server.Version}}'], {
      env: { DOCKER_HOST: endpoint },
      signal: AbortSignal.timeout(timeouts.apiMs),
    });
  } catch {
    return undefined; // no client, no engine, or one that hangs: all mean that this engine cannot be used
  }
}

/**
 * The engine that can be used right now, undefined when none answers: the one that DOCKER_HOST names and no other, or
 * else the one at Docker's usual place, or else the private one.
 */
export async function findEngine(): Promise<Engine | undefined> {
  const named = process.env['DOCKER_HOST'];
  for (const endpoint of named === undefined ? ['unix:///var/run/docker.sock', privateEndpoint()] : [named]) {
    const engine = await engineAt(endpoint);
    if (engine) return engine;
  }
  return undefined;
}

/** The engine at one endpoint, or undefined when it does not answer. */
export async function engineAt(endpoint: string): Promise<Engine | undefined> {
  const version = await versionOf(endpoint);
  return version ? { endpoint, version, ours: endpoint === privateEndpoint() } : undefined;
}

const dockerPackages = { dockerd: 'docker.io', docker: 'docker.io', jq: 'jq', iptables: 'iptables' };

const whatToInstall =
  'Install Docker Engine 20.10 or later and start it, or point DOCKER_HOST at one that runs. ' +
  '(On Debian and Ubuntu, as root, meshproof installs and starts one by itself.)';

async function writeRuntime(missing: string[]): Promise<void> {
  const template = await readFile(join(projectRoot, 'clusters/engine/runc-within-bounds.sh'), 'utf8');
  await writeFile(files.runtime(), template.replace('@MISSING@', JSON.stringify(missing)), { mode: 0o755 });
}

/** The pid of our daemon, checked to be started with our pid file and not a stranger that was given the same number. */
async function daemonPid(): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(files.pid(), 'utf8'));
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').includes(files.pid())
      ? pid
      : undefined;
  } catch {
    return undefined; // no pid file, or no such process
  }
}

async function launch(): Promise<void> {
  makeFolder(home(), 0o777);
  if ((await daemonPid()) === undefined) await rm(files.pid(), { force: true });
  const missing = await missingCapabilities();
  const runtime =
    missing.length === 0
      ? []
      : ['--add-runtime', `within-bounds=${files.runtime()}`, '--default-runtime', 'within-bounds'];
  if (missing.length > 0) await writeRuntime(missing);
  const log = await open(files.log(), 'a');
  const daemon = spawn(
    'dockerd',
    [
      ...['--data-root', join(home(), 'data'), '--exec-root', join(home(), 'exec'), '--pidfile', files.pid()],
      ...['--host', privateEndpoint(), '--bridge', 'none', '--storage-driver', 'overlay2', ...runtime],
    ],
    { detached: true, stdio: ['ignore', log.fd, log.fd] },
  );
  const failedToStart = new Promise<never>((_, reject) => daemon.once('error', reject));
  daemon.unref();
  const deadline = Date.now() + timeouts.engineStartMs;
  try {
    while (Date.now() < deadline && daemon.exitCode === null) {
      if (await Promise.race([versionOf(privateEndpoint()), failedToStart])) return;
      await Promise.race([sleep(timeouts.pollMs), failedToStart]);
    }
  } finally {
    await log.close();
  }
  const said = (await readFile(files.log(), 'utf8')).trim().split('\n').slice(-8).join('\n  ');
  throw new Error(`The private Docker engine did not start. Its log, ${files.log()}, ends with:\n  ${said}`);
}

/**
 * Returns an engine that answers, and starts a private one where none does (Debian and Ubuntu, as root).
 *
 * @throws Error that says what to install, where meshproof cannot.
 */
export async function ensureEngine(options: StepOptions = {}): Promise<Engine> {
  const found = await findEngine();
  if (found) return found;
  if (process.env['DOCKER_HOST'] !== undefined && process.env['DOCKER_HOST'] !== privateEndpoint()) {
    throw new Error(
      `No Docker engine answers at DOCKER_HOST=${process.env['DOCKER_HOST']}. Start it, or unset DOCKER_HOST.`,
    );
  }
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !(await isInstalled('apt-get'))) {
    throw new Error(`No Docker engine answers. ${whatToInstall}`);
  }
  await ensureCommands(dockerPackages, 'A private Docker engine', options);
  const installed = await findEngine(); // with systemd, installing Docker starts it
  if (installed) return installed;
  return launchOne(options);
}

/** Starts the private engine, unless another process did so meanwhile: two daemons on one data root destroy each other's work. */
async function launchOne(options: StepOptions): Promise<Engine> {
  await using _turn = await waitForTurn(join(home(), 'start.lock'), options);
  const meanwhile = await engineAt(privateEndpoint());
  if (meanwhile) return meanwhile;
  options.onLine?.('starting a private engine');
  await launch();
  const started = await engineAt(privateEndpoint());
  if (!started)
    throw new Error(`The private Docker engine stopped right after its start; see ${files.log()}.`);
  return started;
}

/** Stops the private engine and waits for its end. Returns false when it was not running. */
export async function stopEngine(): Promise<boolean> {
  const pid = await daemonPid();
  if (pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + timeouts.engineStartMs;
  while ((await daemonPid()) === pid) {
    if (Date.now() > deadline)
      throw new Error(`The private Docker engine (pid ${pid}) does not stop; see ${files.log()}.`);
    await sleep(timeouts.pollMs);
  }
  return true;
}
