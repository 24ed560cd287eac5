import path from 'node:path';
import type {
  FullConfig,
  FullResult,
  Reporter,
  Suite,
  TestCase,
  TestError,
  TestResult,
} from '@playwright/test/reporter';
import { guardOutput } from '../base/output-guard.ts';
import type { Interval } from '../base/waiting.ts';
import { type Declaration, payloadsOf } from './annotations.ts';
import { assembleReport } from './assemble.ts';
import { ConsoleLines, wantsColors } from './console.ts';
import { readContext, type RunContext } from './context.ts';
import { duplicateOf, listPromises } from './declared.ts';
import type { Experiment } from './experiment.ts';
import { takeExperiments, type TakenExperiments, withExperiments } from './experiments.ts';
import { pointLatestTo, writeAtomically } from './files.ts';
import { judgeTrial, textOf } from './judge.ts';
import { junitXml } from './junit.ts';
import { MemorySampler } from './memory.ts';
import { reportHtml } from './page/page.ts';
import type { Report, ReportPromise } from './schema.ts';
import { joinTries, readExperiments, readFirstTry, secondTryVariable } from './second-try.ts';

export interface ReporterOptions {
  /** The run folder, results/<run>; created if it does not exist. */
  runDir: string;
  /** Read only if the run folder does not have a context.json. */
  meshFilePath?: string;
}

/** A promise of this run and its result so far. */
interface Entry {
  declaration: Declaration;
  result?: TestResult;
  experiments?: TakenExperiments;
}

/**
 * The Playwright reporter that writes report.json, index.html and junit.xml to the run folder, and the link `latest`. It
 * writes the report at the begin and after every promise, so a killed run also has one.
 */
export default class MeshproofReporter implements Reporter {
  readonly #options: ReporterOptions;
  readonly #lines = new ConsoleLines(wantsColors(process.stdout));
  readonly #memory = new MemorySampler();
  /** `playwright test --list` also uses the configured reporters. It does not run tests, so the reporter does not write a report. */
  readonly #listing = process.argv.includes('--list');
  readonly #entries = new Map<string, Entry>();
  readonly #troubles: string[] = [];
  readonly #waiting: Interval[] = [];
  /** The report that this run continues, and its experiments. */
  readonly #first: { report: Report; experiments: Map<string, Experiment> } | undefined;
  #context: Promise<RunContext> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: Partial<ReporterOptions> = {}) {
    if (!options.runDir)
      throw new Error(
        'The reporter of meshproof cannot start: runDir is not set. Set it to a folder results/<run>.',
      );
    guardOutput(1); // `readReport` does not believe a pass then
    this.#options = { ...options, runDir: path.resolve(options.runDir) };
    if (this.#listing) return;
    this.#memory.start();
    if (process.env[secondTryVariable] === undefined) return;
    const report = readFirstTry(this.#options.runDir);
    this.#first = { report, experiments: readExperiments(report.promises, this.#options.runDir) };
  }

  printsToStdio(): boolean {
    return true;
  }

  onBegin(_config: FullConfig, suite: Suite): void {
    for (const test of suite.allTests()) {
      const [declaration] = payloadsOf('meshproof.promise', test.annotations);
      if (declaration) this.#entries.set(test.id, { declaration });
    }
    const clash = duplicateOf([...this.#entries.values()].map((one) => one.declaration));
    if (clash) this.#note(clash);
    if (this.#listing)
      for (const { declaration } of this.#entries.values()) this.#print(this.#lines.listed(declaration));
    else this.#writeSoon('The run did not finish.');
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    const entry = this.#entries.get(test.id);
    if (!entry) {
      // Set-up or tear-down: if it fails, promises are not judged.
      if (result.status === 'failed' || result.status === 'timedOut')
        this.#note(`${test.title} failed: ${result.errors.map(textOf).join('\n')}`);
      return;
    }
    entry.result = result;
    entry.experiments = takeExperiments(result.attachments, entry.declaration.id, this.#options.runDir);
    this.#waiting.push(
      ...payloadsOf('meshproof.waiting', result.annotations).flatMap((one) => one.intervals),
    );
    this.#print(this.#lines.promise(this.#judge(entry)));
    this.#writeSoon('The run did not finish.');
  }

  onError(error: TestError): void {
    this.#note(textOf(error));
  }

  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onStdErr(chunk: string | Buffer): void {
    process.stderr.write(chunk);
  }

  async onEnd(result: FullResult): Promise<{ status?: FullResult['status'] }> {
    if (this.#listing) return {};
    await this.#memory.take();
    if (result.status === 'interrupted') this.#note('The run was interrupted.');
    if (result.status === 'timedout') this.#note('The run took longer than its global timeout.');
    if (!this.#first && this.#entries.size === 0 && this.#troubles.length > 0)
      for (const declaration of await listPromises()) this.#entries.set(declaration.id, { declaration });

    await this.#writing;
    const report = await this.#write();
    this.#print(this.#lines.summary(report, path.join(this.#options.runDir, 'index.html')));
    // Playwright passes a test without a judgement, which is an error here.
    return result.status === 'passed' && report.verdict !== 'pass' ? { status: 'failed' } : {};
  }

  #judge({ declaration, result, experiments }: Entry): ReportPromise {
    const unrun = this.#troubles[0] ?? 'Playwright stopped before it.';
    const judged = judgeTrial(declaration, result, unrun, new Date());
    return experiments ? withExperiments(judged, experiments) : judged;
  }

  #note(trouble: string): void {
    this.#troubles.push(trouble);
    this.#print(this.#lines.trouble(trouble));
  }

  #print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Writes in the background, one write after the other. The last write, at the end of the run, reports failures. */
  #writeSoon(trouble: string): void {
    this.#writing = this.#writing
      .then(() => this.#write(trouble))
      .then(
        () => undefined,
        () => undefined,
      );
  }

  #promises(): ReportPromise[] {
    const entries = [...this.#entries.values()];
    if (!this.#first) return entries.map((entry) => this.#judge(entry));
    // A promise that was not tried again keeps the result of its first try.
    const again = entries.filter(({ result }) => result && result.status !== 'interrupted');
    return joinTries(
      this.#first.report.promises,
      again.map((entry) => this.#judge(entry)),
    );
  }

  #pictures(): Map<string, Experiment> {
    const own = [...this.#entries.values()].flatMap(({ experiments }) => [...(experiments?.data ?? [])]);
    return new Map([...(this.#first?.experiments ?? []), ...own]);
  }

  async #write(unfinished?: string): Promise<Report> {
    const { runDir, meshFilePath } = this.#options;
    this.#context ??= readContext(runDir, meshFilePath);
    const experiments = this.#pictures();
    const report = assembleReport(await this.#context, {
      promises: this.#promises(),
      first: this.#first?.report,
      experiments,
      finishedAt: new Date(),
      waiting: this.#waiting,
      peakMemoryBytes: this.#memory.peakBytes,
      troubles: unfinished === undefined ? this.#troubles : [...this.#troubles, unfinished],
    });
    await writeAtomically(path.join(runDir, 'index.html'), reportHtml(report, experiments));
    await writeAtomically(path.join(runDir, 'junit.xml'), junitXml(report));
    await pointLatestTo(runDir);
    // The last file: if it says `pass`, all other files are on the disk.
    await writeAtomically(path.join(runDir, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    return report;
  }
}
