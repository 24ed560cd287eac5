import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inside } from '../base/folders.ts';
import { experimentAttachment, parseExperiment, type Experiment } from './experiment.ts';
import type { ReportExperiment, ReportPromise } from './schema.ts';

/** The parts of a Playwright attachment that the report needs. */
export interface Attachment {
  name: string;
  path?: string | undefined;
  body?: Buffer | undefined;
}

/** The experiments of one promise: their entries in the report, their data, and the reasons why others are missing. */
export interface TakenExperiments {
  entries: ReportExperiment[];
  /** By the `file` of the entry. */
  data: Map<string, Experiment>;
  missing: string[];
}

/** Ten minutes of ten series are 2 MB, so a much larger file is not a recording of a suite. */
const mostBytes = 50_000_000;

/**
 * Copies the experiments of a promise into the run folder, as `experiments/<id>-<n>.json`: the next run deletes the
 * attachments of Playwright. Does not throw: `missing` reports an experiment that cannot be read or written, as a missing
 * picture says nothing about the mesh.
 */
export function takeExperiments(
  attachments: readonly Attachment[],
  id: string,
  runDir: string,
): TakenExperiments {
  const taken: TakenExperiments = { entries: [], data: new Map(), missing: [] };
  const own = attachments.filter((one) => one.name === experimentAttachment);
  own.forEach((attachment, index) => {
    const file = `experiments/${id}-${index + 1}.json`;
    try {
      const text = textOf(attachment);
      const experiment = parseExperiment(text);
      keep(inside(runDir, file), text);
      taken.entries.push(entryOf(file, experiment));
      taken.data.set(file, experiment);
    } catch (error) {
      const from = attachment.path ?? 'its attachment';
      taken.missing.push(`Experiment ${index + 1} of ${id} is not shown: ${from}: ${messageOf(error)}`);
    }
  });
  return taken;
}

/** The part of an experiment that report.json has. */
export function entryOf(file: string, experiment: Experiment): ReportExperiment {
  const { scope, phase, startedAt, load, numbers } = experiment;
  return { scope, file, startedAt, ...(phase === undefined ? {} : { phase }), load, numbers };
}

/** The promise with its experiments. */
export function withExperiments(
  promise: ReportPromise,
  { entries, missing }: TakenExperiments,
): ReportPromise {
  return {
    ...promise,
    ...(entries.length > 0 ? { experiments: entries } : {}),
    ...(missing.length > 0 ? { missingExperiments: missing } : {}),
  };
}

function textOf({ path: file, body }: Attachment): string {
  if (file === undefined) return String(body ?? '');
  const { size } = statSync(file);
  if (size > mostBytes) throw new Error(`the file has ${size} bytes, at most ${mostBytes} are read`);
  return readFileSync(file, 'utf8');
}

function keep(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
