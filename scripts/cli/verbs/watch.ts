import { setInterval as ticks } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { unguarded } from '../../../harness/base/output-guard.ts';
import { loadMeshFile } from '../../../harness/config/load.ts';
import { attach } from '../../../harness/mesh/attach.ts';
import { liveLines } from '../../../harness/report/live-lines.ts';
import { bucketsOf } from '../../../harness/traffic/buckets.ts';
import { Caller } from '../../../harness/traffic/caller.ts';
import { recordOf } from '../../../harness/traffic/probe.ts';
import type { RequestRecord } from '../../../harness/traffic/timeline.ts';
import { abortOnSignal } from '../interrupt.ts';
import { meshFileFor, options, withOptions } from '../options.ts';
import { exitCodes, WrongUse, type ExitCode } from '../outcome.ts';

interface Given {
  name: string;
  mesh?: string;
  service: string;
  from?: string;
  rate: number;
}

/** The time that the drawing covers, and the pause between two drawings. */
const [windowMs, redrawMs] = [60_000, 500];

/** `meshproof watch` */
export const watch = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('watch').description(
      'Call a service from inside the mesh and draw the results, until Ctrl-C. Inject a fault meanwhile to see its effect.',
    ),
    options.name(),
    options.mesh(),
    new Option('--service <service>', 'service to call').default('catalog'),
    new Option('--from <cluster>', 'cluster to call from (default: the first of the mesh file)'),
    new Option('--rate <requests>', 'requests per second').argParser(rate).default(20),
    options.verbose(),
  ).action(async (given: Given) => {
    const file = loadMeshFile(meshFileFor(given.name, given.mesh));
    const unknown = (what: string, known: string[]) =>
      new WrongUse(`${what} The mesh has ${known.join(', ')}.`);
    const services = file.services.map(({ name }) => name);
    if (!services.includes(given.service))
      throw unknown(`Service "${given.service}" does not exist.`, services);
    const clusters = file.clusters.map(({ name }) => name);
    const from = given.from ?? clusters[0] ?? '';
    if (!clusters.includes(from)) throw unknown(`Cluster "${from}" does not exist.`, clusters);
    const signal = abortOnSignal('Nothing was changed.');
    await using mesh = attach(file);
    await using caller = new Caller(mesh.cluster(from), 'probe');
    await caller.call(given.service); // opens the connection, or throws the reason
    await show(caller, given, clusters, signal);
    end(exitCodes.pass);
  });

function rate(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 200) return value;
  throw new InvalidArgumentError('Give a number above 0 and at most 200.');
}

/** Sends and draws until the signal; requests older than the window are forgotten. */
async function show(caller: Caller, given: Given, clusters: string[], signal: AbortSignal): Promise<void> {
  let recent: RequestRecord[] = [];
  let failure: Error | undefined;
  const send = async () => {
    const startMs = performance.now();
    const record = recordOf(await caller.call(given.service));
    recent.push({ ...record, startMs, endMs: performance.now() });
  };
  const sending = setInterval(
    () => void send().catch((error: Error) => (failure ??= error)),
    1000 / given.rate,
  );
  let drawn = 0;
  const draw = () => {
    const sinceMs = performance.now() - windowMs;
    recent = recent.filter(({ startMs }) => startMs >= sinceMs);
    const shifted = recent.map((one) => ({
      ...one,
      startMs: one.startMs - sinceMs,
      endMs: one.endMs - sinceMs,
    }));
    const view = { buckets: bucketsOf(shifted), events: [], nowMs: windowMs, clusters };
    const { stdout } = process;
    const lines = liveLines(view, {
      width: stdout.columns || 100,
      colors: stdout.isTTY && !process.env['NO_COLOR'],
    });
    // On a terminal each picture replaces the one before.
    if (stdout.isTTY && drawn > 0) unguarded(stdout).write(`\x1b[${drawn}A\x1b[J`);
    stdout.write(
      `${[`${given.service} from ${caller.cluster.name}, the last minute:`, ...lines].join('\n')}\n`,
    );
    drawn = lines.length + 1;
  };
  try {
    for await (const _ of ticks(redrawMs, undefined, { signal })) {
      if (failure) throw failure;
      draw();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(sending);
  }
}
