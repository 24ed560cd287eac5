import type { LogFile } from './logs.ts';
import { snapshotMember } from './read-snapshot.ts';
import type { Snapshot } from './schema.ts';
import { archiveOf } from './tar.ts';

/** The archive of `meshproof gather`: the snapshot as `snapshot.json`, and the logs beside it. A gzipped tar. */
export function gathered(folder: string, snapshot: Snapshot, logs: readonly LogFile[]): Promise<Buffer> {
  const json = { name: snapshotMember, content: `${JSON.stringify(snapshot)}\n` };
  return archiveOf(folder, [json, ...logs], new Date(snapshot.takenAt));
}
