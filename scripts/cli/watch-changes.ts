import type { Diagnosis, Finding } from '../../harness/doctor/finding.ts';
import { formatDiagnosis, type Paint } from '../../harness/doctor/format-diagnosis.ts';

/** The causes of a diagnosis, compared with an earlier one. */
export interface Changes {
  takenAt: string;
  /** The latest diagnosis with its new causes only. */
  appeared: Diagnosis;
  gone: Finding[];
  stayed: number;
}

/** A cause is the same if code, place and object are the same: numbers in its sentence may change. */
const keyOf = ({ code, cluster, peer, object }: Finding): string =>
  JSON.stringify([code, cluster, peer, object]);

/** Compares two diagnoses of one mesh. A cause of a part that could not be read any more is not gone. */
export function changesSince(before: Diagnosis, after: Diagnosis): Changes {
  const keys = (one: Diagnosis) => new Set(one.causes.map(({ finding }) => keyOf(finding)));
  const [old, latest] = [keys(before), keys(after)];
  const unread = new Set(
    after.unknown.flatMap(({ cluster, checks }) => checks.map((code) => `${cluster} ${code}`)),
  );
  const isUnread = ({ cluster, peer, code }: Finding) =>
    [cluster, peer].some((one) => unread.has(`${one} ${code}`));
  const missing = before.causes.map(({ finding }) => finding).filter((one) => !latest.has(keyOf(one)));
  const appeared = after.causes.filter(({ finding }) => !old.has(keyOf(finding)));
  return {
    takenAt: after.takenAt,
    appeared: { ...after, causes: appeared, unknown: [], elided: [] },
    gone: missing.filter((one) => !isUnread(one)),
    stayed: after.causes.length - appeared.length,
  };
}

/** Changes as lines: new causes in full, gone causes in a line each, and the counts with the time. */
export function changeLines({ takenAt, appeared, gone, stayed }: Changes, paint: Paint): string[] {
  const time = takenAt.slice(11, 19);
  const counts = `${appeared.causes.length} new, ${gone.length} gone, ${stayed} still there`;
  return [
    paint('bold', `${time} ${counts}`),
    ...(appeared.causes.length > 0 ? formatDiagnosis(appeared, { paint }).slice(0, -1) : []),
    ...gone.map((one) => paint('green', `gone    ${one.code} ${one.cluster ?? 'the mesh'}: ${one.cause}`)),
  ];
}
