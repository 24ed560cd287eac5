import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { durationMs } from '../../../harness/base/go-duration.ts';
import { FaultUnavailable, type AnyFault } from '../../../harness/chaos/fault.ts';
import { faultKinds } from '../../../harness/chaos/faults.ts';
import { heal as healMesh, reportRefused } from '../../../harness/chaos/heal/heal.ts';
import { inject, type Injected } from '../../../harness/chaos/heal/inject.ts';
import { journalOf } from '../../../harness/chaos/heal/journal.ts';
import { InvalidParameters, parametersOf } from '../../../harness/chaos/parameters.ts';
import { loadMeshFile } from '../../../harness/config/load.ts';
import { attach, type Mesh } from '../../../harness/mesh/attach.ts';
import { abortOnSignal } from '../interrupt.ts';
import { lockMesh } from '../lab-work.ts';
import { healCommand, meshFileFor, options, withOptions } from '../options.ts';
import { exitCodes, WrongUse, type ExitCode } from '../outcome.ts';
import { chaosRun } from './chaos-run.ts';

/** `meshproof chaos [run]|list|inject` */
export function chaos(end: (code: ExitCode) => void): Command {
  const command = new Command('chaos').description('Break a mesh on purpose, prove it, and heal it.');
  command.addCommand(chaosRun(end), { isDefault: true });
  command.addCommand(list(end));
  const all = new Command('inject').description(
    'Inject one fault, prove its effect, wait, heal it, and prove that. Ctrl-C heals at once; after a crash `meshproof heal` does.',
  );
  for (const kind of faultKinds) all.addCommand(injectOne(kind, end));
  return command.addCommand(all);
}

const list = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('list').description('List the faults, what they disturb and what they take.'),
    options.json(),
  ).action(({ json }: { json?: boolean }) => {
    const rows = faultKinds.map((kind) => ({
      ...{ id: kind.id, title: kind.title, disturbs: kind.disturbs, needsLab: kind.needsLab },
      ...{ bounds: kind.bounds, parameters: parametersListed(kind) },
    }));
    if (json) console.log(JSON.stringify(rows, undefined, 2));
    else for (const row of rows) console.log(wordRow(row));
    end(exitCodes.pass);
  });

const width = Math.max(...faultKinds.map(({ id }) => id.length));

function wordRow(row: {
  id: string;
  title: string;
  disturbs: string;
  needsLab: boolean;
  parameters: { name: string; required: boolean }[];
}): string {
  const takes = row.parameters.map(({ name, required }) => (required ? flagOf(name) : `[${flagOf(name)}]`));
  const where = `disturbs: ${row.disturbs}${row.needsLab ? ', labs only' : ''}`;
  return `${row.id.padEnd(width)}  ${row.title}\n${' '.repeat(width)}  ${where}; ${takes.join(' ') || 'takes nothing'}`;
}

const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`)}`;

interface Listed {
  name: string;
  required: boolean;
  description: string;
  default: unknown;
}

function parametersListed({ parameters }: AnyFault): Listed[] {
  return Object.entries(parameters.shape as Record<string, z.ZodType>).map(([name, schema]) => {
    const absent = schema.safeParse(undefined);
    return {
      name,
      required: !absent.success,
      description: schema.description ?? '',
      default: absent.success ? absent.data : undefined,
    };
  });
}

interface Given {
  for: number;
  name: string;
  mesh?: string;
  allowDisruption?: string[];
  json?: boolean;
}

function injectOne(kind: AnyFault, end: (code: ExitCode) => void): Command {
  const command = new Command(kind.id).description(`${kind.title}.`);
  const listed = parametersListed(kind);
  for (const { name, description, default: preset } of listed) {
    const shown = preset === undefined ? '' : ` (default: ${JSON.stringify(preset)})`;
    command.addOption(new Option(`${flagOf(name)} <value>`, `${description}${shown}`));
  }
  return withOptions(
    command,
    new Option('--for <duration>', 'how long, such as 30s or 1m30s')
      .argParser(duration)
      .makeOptionMandatory(),
    options.name(),
    options.mesh(),
    options.allowDisruption(),
    options.json(),
    options.verbose(),
  ).action(async (given: Given & Record<string, unknown>) => {
    const chosen = listed.flatMap(({ name }) => (given[name] === undefined ? [] : [[name, given[name]]]));
    const signal = abortOnSignal(`Run \`${healCommand(given)}\`.`);
    await injectAndHeal(kind, Object.fromEntries(chosen) as Record<string, unknown>, given, signal);
    end(signal.aborted ? exitCodes.couldNotJudge : exitCodes.pass);
  });
}

function duration(text: string): number {
  try {
    return durationMs(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function injectAndHeal(
  kind: AnyFault,
  parameters: Record<string, unknown>,
  given: Given,
  signal: AbortSignal,
): Promise<void> {
  const meshFile = meshFileFor(given.name, given.mesh);
  await using mesh = attach(loadMeshFile(meshFile));
  refuse(kind, parameters, mesh, given.allowDisruption ?? []);
  await using _lock = await lockMesh(meshFile);
  const say = (line: string) => console.error(line);
  // A fault cannot be identified on top of the faults that a killed run left.
  const { entries } = await journalOf(mesh.file).read();
  if (entries.length > 0)
    for (const line of await healMesh(mesh, { refused: reportRefused }))
      say(`left by an earlier run, healed: ${line}`);
  const injected = await injectOrRefuse(mesh, kind, parameters, signal);
  say(`✔ ${kind.id} (${seconds(injected.provenMs)}): ${injected.evidence}`);
  say(`> for ${given.for / 1000} s; Ctrl-C heals at once`);
  const heldFromMs = performance.now();
  await delay(given.for, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  const heldMs = performance.now() - heldFromMs;
  const healed = await injected.heal();
  say(`✔ healed (${seconds(healed.provenMs)}): ${healed.evidence}`);
  const { fault, evidence, provenMs } = injected;
  const result = { fault, parameters: injected.parameters, evidence, provenMs, heldMs, healed };
  if (given.json) console.log(JSON.stringify(result, undefined, 2));
}

/** Parameters that are not valid are wrong use, and so is a fault that this mesh or kernel cannot have. */
async function injectOrRefuse(
  mesh: Mesh,
  kind: AnyFault,
  parameters: Record<string, unknown>,
  signal: AbortSignal,
): Promise<Injected> {
  try {
    return await inject(mesh, kind, parameters, { signal });
  } catch (error) {
    if (error instanceof InvalidParameters || error instanceof FaultUnavailable)
      throw new WrongUse(error.message);
    throw error;
  }
}

/** @throws WrongUse for a fault that may not be had on this mesh, or not with these parameters. */
function refuse(
  kind: AnyFault,
  given: Record<string, unknown>,
  mesh: Mesh,
  allowed: readonly string[],
): void {
  let parameters: Record<string, unknown>;
  try {
    parameters = parametersOf(kind, given, mesh.file);
  } catch (error) {
    if (error instanceof InvalidParameters) throw new WrongUse(error.message);
    throw error;
  }
  if (mesh.isLab || kind.disturbs === 'nothing') return;
  if (kind.needsLab) throw new WrongUse(`${kind.id} needs a lab that meshproof made; this mesh is none.`);
  const contexts = kind.clusters(parameters, mesh).map((name) => mesh.cluster(name).file.context);
  const missing = contexts.filter((context) => !allowed.includes(context));
  if (missing.length > 0)
    throw new WrongUse(
      `${kind.id} disturbs the ${kind.disturbs} of a mesh that meshproof did not create. To allow it: ` +
        missing.map((context) => `--allow-disruption ${context}`).join(' '),
    );
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
