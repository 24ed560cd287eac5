import { readSnapshot } from '../../snapshot/read-snapshot.ts';
import type { Snapshot } from '../../snapshot/schema.ts';
import { type Diagnosis, type Finding, type Severity, severities } from '../finding.ts';

/** The cause that the doctor names first in a broken mesh. */
export interface ExpectedCause {
  /** The code is one of these. */
  codes: readonly string[];
  /** The severity is this or a graver one; `error` by default. */
  atLeast?: Severity;
  cluster?: string;
  peer?: string;
  object?: string;
  /** Texts that the finding contains, for example the names of objects. */
  names?: readonly string[];
  /** Codes of further causes above info that are right, too. */
  besides?: readonly string[];
}

/** A mesh that was recorded, with the expected answer of the doctor. */
export interface RecordedCase {
  /** Of its file, `recorded/<id>.json.gz`. */
  id: string;
  title: string;
  /** The difference from the mesh of case `00-own-namespace`. */
  setup: string;
  /** Public reports and guides that describe the setup. */
  sources: readonly string[];
  /** `healthy`: nothing above info. */
  expected: 'healthy' | ExpectedCause;
}

/** The file of a case: a snapshot that meshproof wrote and redacted, as gzipped JSON. */
export const caseFile = (id: string): string => new URL(`recorded/${id}.json.gz`, import.meta.url).pathname;

/** The recorded mesh of a case. */
export const recordedMesh = (id: string): Promise<Snapshot> => readSnapshot(caseFile(id));

/** The differences between a diagnosis and the expected answer, as sentences; none if it is right. */
export function differences({ causes }: Diagnosis, expected: RecordedCase['expected']): string[] {
  const findings = causes.map(({ finding }) => finding).filter(({ severity }) => severity !== 'info');
  if (expected === 'healthy') return findings.map((finding) => `false alarm: ${worded(finding)}`);
  const [first, ...others] = findings;
  if (!first) return [`nothing above info, expected ${expected.codes.join(' or ')}`];
  const { codes, atLeast = 'error', cluster, peer, object, names = [], besides = [] } = expected;
  const wanted = { cluster, peer, object };
  const text = JSON.stringify(first);
  const known = new Set([...codes, ...besides]);
  return [
    ...(codes.includes(first.code)
      ? []
      : [`the first cause is ${worded(first)}, expected ${codes.join(' or ')}`]),
    ...(severities.indexOf(first.severity) > severities.indexOf(atLeast)
      ? [`severity is ${first.severity}, expected ${atLeast}`]
      : []),
    ...Object.entries(wanted).flatMap(([key, value]) => {
      const seen = first[key as keyof typeof wanted];
      return value === undefined || seen === value ? [] : [`${key} is ${seen}, expected ${value}`];
    }),
    ...names.filter((name) => !text.includes(name)).map((name) => `the first cause does not name ${name}`),
    ...others.filter(({ code }) => !known.has(code)).map((one) => `false alarm: ${worded(one)}`),
  ];
}

const worded = ({ code, severity, cluster, peer, object, cause }: Finding): string =>
  [code, severity, cluster && `in ${cluster}`, peer && `about ${peer}`, object && `(${object})`]
    .filter(Boolean)
    .join(' ') + `: ${cause}`;
