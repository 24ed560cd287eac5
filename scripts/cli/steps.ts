import { Listr, ListrLogger, PRESET_TIMER, ProcessOutput, type ListrTask } from 'listr2';
import { safeText, unguarded } from '../../harness/base/output-guard.ts';
import { wholeWords } from './whole-words.ts';
import type { Step } from '../../harness/lab/step.ts';

/** How long a step may be silent before a line says that it is still running. */
const heartbeatMs = 30_000;

/** The longest output of another program in a line, in characters. */
const longestOutput = 120;

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

const asTask = (step: Step, running: Promise<unknown>[]): ListrTask => ({
  title: safeText(step.title),
  task: async (_, task) => {
    if (step.steps) {
      const children = step.steps.map((child) => asTask(child, running));
      return task.newListr(children, { concurrent: step.concurrent ?? false });
    }
    const work = step.run?.((line) => void (task.output = safeText(line))) ?? Promise.resolve(undefined);
    running.push(work);
    const outcome = await work;
    if (outcome !== undefined) task.title = safeText(`${step.title}: ${outcome}`);
    return undefined;
  },
});

/** The tree moves the cursor, so it draws past the guard. Other text on standard error is shown after the tree, guarded. */
const treeLogger = (): ListrLogger =>
  new ListrLogger({
    ...{ useIcons: true, toStderr: [] },
    processOutput: new ProcessOutput(unguarded(process.stdout), process.stderr),
  });

async function asTree(steps: Step[]): Promise<void> {
  const running: Promise<unknown>[] = [];
  const tree = new Listr(
    steps.map((step) => asTask(step, running)),
    {
      registerSignalListeners: false, // the commands undo their work before they end
      rendererOptions: {
        timer: PRESET_TIMER,
        collapseSubtasks: false,
        showErrorMessage: false, // the verb prints the error, guarded
        logger: treeLogger(),
      },
    },
  );
  try {
    await tree.run();
  } finally {
    await Promise.allSettled(running); // a step must end before its work is undone
  }
}

/** Lines for logs and pipes: one when a step begins or ends, and one now and then while it is silent. */
async function asLines(step: Step, depth: number): Promise<void> {
  const started = Date.now();
  const print = (text: string): void => console.error(`${'  '.repeat(depth)}${text}`);
  print(`> ${step.title}`);
  let last = '';
  const heartbeat = setInterval(() => {
    if (step.run)
      print(
        `  ${step.title}: still running after ${seconds(started)}${last ? `. Last output: "${last}"` : ''}`,
      );
  }, heartbeatMs);
  try {
    const outcome = await step.run?.((line) => (last = wholeWords(line, longestOutput)));
    const run = (child: Step): Promise<void> => asLines(child, depth + 1);
    if (step.concurrent) await settle((step.steps ?? []).map(run));
    else for (const child of step.steps ?? []) await run(child);
    print(`✔ ${step.title}${outcome ? `: ${outcome}` : ''} (${seconds(started)})`);
  } catch (error) {
    print(`✘ ${step.title} (${seconds(started)})`);
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}

/** Waits for all before the first failure is thrown, for the same reason. */
async function settle(runs: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(runs)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Runs a tree of steps: a live tree with elapsed times on a terminal, plain lines on standard error elsewhere. */
export async function runSteps(steps: Step[], options: { plain: boolean }): Promise<void> {
  if (!options.plain && process.stderr.isTTY && process.stdout.isTTY) {
    await asTree(steps);
    return;
  }
  for (const step of steps) await asLines(step, 0);
}
