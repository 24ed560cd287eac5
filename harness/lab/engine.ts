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
  /** An address in the form of DOCKER_HOST. */
  endpoint: string;
  version: string;
  /** Whether meshproof started the engine, and so may stop it. */
  ours: boolean;
}

const home = (): string => join(cacheRoot(), 'engine');
const files = {
  pid: () => join(home(), 'dockerd.pid'),
  log: () => join(home(), 'dockerd.log'),
  runtime: () => join(home(), 'runc-within-bounds'),
};
/** The endpoint of the private engine. */
export const privateEndpoint = (): string => `unix://${join(home(), 'docker.sock')}`;

async function versionOf(endpoint: string): Promise<string | undefined> {
  try {
    return await run(['docker', 'version', '--format', '{{.Server.Version}}'], {
      env: { DOCKER_HOST: endpoint },
      signal: AbortSignal.timeout(timeouts.apiMs),
    });
  } catch {
    return undefined; // the client or the engine is missing, or the engine hangs: it cannot be used
  }
}

/**
 * The engine that answers now, or undefined. If DOCKER_HOST is set, only that engine is tried. Otherwise the engine at Docker's
 * default socket is tried first, and then the private engine.
 */
export async function findEngine(): Promise<Engine | undefined> {
  const named = process.env['DOCKER_HOST'];
  for (const endpoint of named === undefined ? ['unix:///var/run/docker.sock', privateEndpoint()] : [named]) {
    const engine = await engineAt(endpoint);
    if (engine) return engine;
  }
  return undefined;
}

/** The engine at an endpoint, or undefined if it does not answer. */
export async function engineAt(endpoint: string): Promise<Engine | undefined> {
  const version = await versionOf(endpoint);
  return version ? { endpoint, version, ours: endpoint === privateEndpoint() } : undefined;
}

const dockerPackages = { dockerd: 'docker.io', docker: 'docker.io', jq: 'jq', iptables: 'iptables' };

const remedy =
  'Install Docker Engine 20.10 or later and start it, or set DOCKER_HOST to a running engine. ' +
  'If you run meshproof as root on Debian or Ubuntu, it installs and starts an engine.';

async function writeRuntime(missing: string[]): Promise<void> {
  const template = await readFile(join(projectRoot, 'clusters/engine/runc-within-bounds.sh'), 'utf8');
  await writeFile(files.runtime(), template.replace('@MISSING@', JSON.stringify(missing)), { mode: 0o755 });
}

/** The pid of the private daemon. Its command line must name the pid file: another process may have got the same pid. */
async function daemonPid(): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(files.pid(), 'utf8'));
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').includes(files.pid())
      ? pid
      : undefined;
  } catch {
    return undefined; // the pid file or the process is missing
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
  const lastLines = (await readFile(files.log(), 'utf8')).trim().split('\n').slice(-8).join('\n  ');
  throw new Error(
    `The private Docker engine did not start. The end of its log ${files.log()}:\n  ${lastLines}`,
  );
}

/**
 * Returns an engine that answers. If it does not exist, installs and starts a private engine (Debian and Ubuntu, as root).
 *
 * @throws Error that names what to install, if meshproof cannot install it.
 */
export async function ensureEngine(options: StepOptions = {}): Promise<Engine> {
  const found = await findEngine();
  if (found) return found;
  if (process.env['DOCKER_HOST'] !== undefined && process.env['DOCKER_HOST'] !== privateEndpoint()) {
    throw new Error(
      `The Docker engine at DOCKER_HOST=${process.env['DOCKER_HOST']} does not answer. Start it, or unset DOCKER_HOST.`,
    );
  }
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !(await isInstalled('apt-get'))) {
    throw new Error(`No Docker engine answers. ${remedy}`);
  }
  await ensureCommands(dockerPackages, 'A private Docker engine', options);
  const installed = await findEngine(); // with systemd, installing Docker starts it
  if (installed) return installed;
  return launchOne(options);
}

/** Starts the private engine unless another process has started it: two daemons with the same data root damage it. */
async function launchOne(options: StepOptions): Promise<Engine> {
  await using _turn = await waitForTurn(join(home(), 'start.lock'), options);
  const running = await engineAt(privateEndpoint());
  if (running) return running;
  options.onLine?.('starting a private engine');
  await launch();
  const started = await engineAt(privateEndpoint());
  if (!started)
    throw new Error(`The private Docker engine stopped right after its start. See its log ${files.log()}.`);
  return started;
}

/** Stops the private engine and waits until it has ended. Returns false if it was not running. */
export async function stopEngine(): Promise<boolean> {
  const pid = await daemonPid();
  if (pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + timeouts.engineStartMs;
  while ((await daemonPid()) === pid) {
    if (Date.now() > deadline)
      throw new Error(`The private Docker engine (pid ${pid}) does not stop. See its log ${files.log()}.`);
    await sleep(timeouts.pollMs);
  }
  return true;
}
