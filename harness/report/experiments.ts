import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inside } from '../base/folders.ts';
import { experimentAttachment, parseExperiment, type Experiment } from './experiment.ts';
import type { ReportExperiment, ReportPromise } from './schema.ts';

/** A Playwright attachment, as far as it is read here. */
export interface Attachment {
  name: string;
  path?: string | undefined;
  body?: Buffer | undefined;
}

/** The experiments of one promise: what the report says of them, their data by file, and why others are missing. */
export interface TakenExperiments {
  entries: ReportExperiment[];
  /** By `file` of the entry. */
  data: Map<string, Experiment>;
  missing: string[];
}

/** Ten minutes of ten series are 2 MB; what is far above is not what a suite recorded. */
const mostBytes = 50_000_000;

/**
 * Takes the experiments out of the attachments of a promise into the run folder, as `experiments/<id>-<n>.json`: what
 * Playwright keeps is wiped by the next run. Never throws: one that cannot be read or kept is told in `missing`, since a
 * picture that is missing says nothing about the mesh.
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
      const { scope, startedAt, load, numbers } = experiment;
      taken.entries.push({ scope, file, startedAt, load, numbers });
      taken.data.set(file, experiment);
    } catch (error) {
      const from = attachment.path ?? 'its attachment';
      taken.missing.push(`Experiment ${index + 1} of ${id} is not shown: ${from}: ${messageOf(error)}`);
    }
  });
  return taken;
}

/** The promise with its experiments; as it is where it recorded none. */
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
  if (size > mostBytes) throw new Error(`${size} bytes, more than ${mostBytes} are not read`);
  return readFileSync(file, 'utf8');
}

function keep(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
