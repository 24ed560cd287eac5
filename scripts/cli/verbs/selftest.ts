import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { styleText } from 'node:util';
import { Command, Option } from 'commander';
import { heal, reportRefused } from '../../../harness/chaos/heal/heal.ts';
import { loadMeshFile } from '../../../harness/config/load.ts';
import type { MeshFile } from '../../../harness/config/mesh-file.ts';
import { projectRoot } from '../../../harness/lab/paths.ts';
import { attach } from '../../../harness/mesh/attach.ts';
import { exitCode } from '../../../harness/report/assemble.ts';
import { chooseDefects } from '../../../harness/selftest/choose.ts';
import type { Defect } from '../../../harness/selftest/defect.ts';
import { matrixLines, progressLine, type Paint } from '../../../harness/selftest/report/lines.ts';
import type { Healthy } from '../../../harness/selftest/report/schema.ts';
import { abortOnSignal } from '../interrupt.ts';
import { lockMesh } from '../lab-work.ts';
import { healCommand, meshFileFor, options, withOptions } from '../options.ts';
import { exitCodes, WrongUse, type ExitCode } from '../outcome.ts';
import { findIstioctl, selftest as runSelftest, type SelftestOptions } from '../selftest-run.ts';

const ownDefects = join(projectRoot, 'harness/selftest/defects/index.ts');

interface Given {
  name: string;
  mesh?: string;
  only?: string[];
  defects: string;
  istioctl: boolean;
  list?: boolean;
  allowDisruption?: string[];
  json?: boolean;
  verbose?: boolean;
}

/** `meshproof selftest` */
export const selftest = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('selftest').description(
      'Inject every known defect into a healthy mesh, one at a time, compare what the doctor, the promises and istioctl report, and heal it. Exits with 0 if every defect is reported and breaks the promises that it must break, 1 if a defect is missed, 2 if it could not be judged. Ctrl-C heals first; after a crash run `meshproof heal`.',
    ),
    new Option('--only <id...>', 'defects by id, or families such as trust or network'),
    options.name(),
    options.mesh(),
    options.allowDisruption(),
    new Option('--no-istioctl', 'do not run istioctl'),
    new Option('--list', 'list the defects and exit'),
    new Option(
      '--defects <file>',
      'a module of other defects, exported as `defects`, made of the faults of `chaos list`',
    )
      .argParser((file: string) => resolve(file))
      .default(ownDefects, "meshproof's own"),
    options.json(),
    new Option('--verbose', 'print stack traces of errors, and what Playwright prints of promises'),
  ).action(async (given: Given) => {
    const defects = choose(await load(given.defects), given.only ?? []);
    if (given.list) {
      list(defects, given.json ?? false);
      end(exitCodes.pass);
      return;
    }
    end(await tryAll(given, defects));
  });

async function load(file: string): Promise<readonly Defect[]> {
  if (!existsSync(file)) throw new WrongUse(`File ${file} does not exist.`);
  const { defects } = (await import(pathToFileURL(file).href)) as { defects?: readonly Defect[] };
  if (!Array.isArray(defects) || defects.length === 0)
    throw new WrongUse(`${file} exports no list \`defects\`.`);
  return defects as readonly Defect[];
}

function choose(all: readonly Defect[], only: readonly string[]): Defect[] {
  try {
    return chooseDefects(all, only);
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

function list(defects: readonly Defect[], json: boolean): void {
  const rows = defects.map(({ id, title, family, cause, silent, findings, promises }) => {
    return { id, title, family, cause, silent, findings, promises };
  });
  if (json) {
    console.log(JSON.stringify(rows, undefined, 2));
    return;
  }
  const width = Math.max(...rows.map(({ id }) => id.length));
  for (const [family, own] of Map.groupBy(rows, (row) => row.family)) {
    console.log(styleText('bold', family));
    for (const { id, title, silent, findings, promises } of own) {
      const traffic = silent ? 'silent' : `breaks ${promises.join(', ') || 'no promise'}`;
      console.log(
        `  ${id.padEnd(width)}  ${title}\n  ${' '.repeat(width)}  ${findings.join(' or ')}; ${traffic}`,
      );
    }
  }
}

async function tryAll(given: Given, defects: readonly Defect[]): Promise<ExitCode> {
  const meshFile = meshFileFor(given.name, given.mesh);
  const file = loadMeshFile(meshFile);
  refuse(file, given.allowDisruption ?? []);
  const signal = abortOnSignal(`Run \`${healCommand(given)}\`.`);
  await using lock = await lockMesh(meshFile);
  await healLeft(file);
  const istioctl = given.istioctl ? await findIstioctl(file, signal) : undefined;
  if (given.istioctl && istioctl === undefined)
    console.error('istioctl is not asked: it is not on the PATH.');
  const { runDir, result } = await runSelftest({
    ...{ meshFile, lock, defects, istioctl, signal, verbose: given.verbose ?? false },
    ...progressOf(defects.length),
  });
  if (given.json) console.log(JSON.stringify(result, undefined, 2));
  else console.log(['', ...matrixLines(result, paintFor(process.stdout)), '', result.reason].join('\n'));
  console.error(relative(process.cwd(), join(runDir, 'selftest.html')));
  return exitCode(result.verdict);
}

const paintFor =
  (stream: NodeJS.WriteStream): Paint =>
  (style, text) =>
    styleText(style, text, { stream });

function progressOf(all: number): Pick<SelftestOptions, 'onHealthy' | 'onStart' | 'onRow'> {
  const say = (line: string) => console.error(line);
  const paint = paintFor(process.stderr);
  let count = 0;
  say('> The mesh before anything is broken');
  return {
    onHealthy: ({ promises, seconds }: Healthy) => {
      for (const { id, verdict, reason } of promises.filter((one) => one.verdict !== 'pass'))
        say(paint('yellow', `? ${id} cannot count: on the healthy mesh it is ${verdict}: ${reason}`));
      const held = promises.filter(({ verdict }) => verdict === 'pass').length;
      say(`✔ healthy, ${held} of ${promises.length} promises hold (${seconds.toFixed(1)} s)`);
    },
    onStart: ({ id, family }) => say(`> ${++count}/${all} ${id} (${family})`),
    onRow: (row) => say(progressLine(row, paint)),
  };
}

/** A defect cannot be identified on top of the faults that a killed run left. */
async function healLeft(file: MeshFile): Promise<void> {
  await using mesh = attach(file);
  for (const line of await heal(mesh, { refused: reportRefused }))
    console.error(`left by an earlier run, healed: ${line}`);
}

/** @throws WrongUse if meshproof did not create the mesh, unless every context may be disrupted. */
function refuse({ lab, clusters }: MeshFile, allowed: readonly string[]): void {
  const missing = lab ? [] : clusters.map(({ context }) => context).filter((one) => !allowed.includes(one));
  if (missing.length > 0)
    throw new WrongUse(
      'A self-test breaks every part of a mesh, and meshproof did not create this mesh. To allow it: ' +
        missing.map((context) => `--allow-disruption ${context}`).join(' '),
    );
}
