import assert from 'node:assert/strict';
import { families } from '../../harness/doctor/finding.ts';
import { selftestSchema } from '../../harness/selftest/report/schema.ts';
import { assertEnded, meshproof } from './cli.ts';

/** The fastest defect of each family. Two of them must break promises. */
const chosen = [
  'intermediate-expires-soon',
  'remote-secret-missing',
  'cross-network-gateway-missing',
  'failover-without-outlier-detection',
  'peer-authentications-differ',
  'subset-without-pods',
  'mesh-ids-differ',
];

/** Runs the self-test with one defect of each family on a running lab, and expects the doctor to name each. */
export async function assertNoticed(lab: string): Promise<void> {
  const ended = await meshproof('selftest', '--name', lab, '--no-istioctl', '--json', '--only', ...chosen);
  assert.notEqual(ended.stdout, '', ended.stderr);
  const { rows } = selftestSchema.parse(JSON.parse(ended.stdout));
  assert.deepEqual(
    rows
      .filter(({ verdict }) => verdict !== 'named')
      .map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`),
    [],
  );
  assert.deepEqual(new Set(rows.map(({ family }) => family)), new Set(families));
  const promises = rows.flatMap((row) => row.promises.map(({ id, outcome }) => `${id} ${outcome}`));
  assert.ok(promises.length >= 2 && promises.every((one) => one.endsWith(' broken')), promises.join(', '));
  assertEnded(ended, 0);
}
