import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attach } from '../mesh/attach.ts';
import { CertificateBook } from './certificate-book.ts';
import { Gaps } from './gaps.ts';
import { probeOthers, type ProbeQuestion, type ProbeTarget } from './probing.ts';
import { sampleSnapshot } from './sample/sample.ts';

/** The probes of west, if its istiod knows gateways. */
async function probesWith(networks: NonNullable<ProbeQuestion['istiods'][number]['networks']>) {
  const { declared, clusters } = sampleSnapshot();
  const west = clusters[0]!;
  const istiods = west.istiods.map((one) => ({ ...one, networks }));
  const cluster = { name: 'west' } as ReturnType<typeof attach>['clusters'][number];
  const asked: ProbeTarget[] = [];
  const prober: ProbeQuestion['prober'] = (_, __, target) => {
    asked.push(target);
    return Promise.resolve({ tcp: 'connected', tls: 'completed', pems: [] });
  };
  const question = {
    cluster,
    declared,
    pods: west.pods,
    remoteSecrets: [],
    istiods,
    prober,
    deadlineMs: 1000,
  };
  const probes = await probeOthers(question, new CertificateBook(), new Gaps());
  return probes.map(({ cluster: of, address, sni }) => [of, address, sni?.split('_.').at(-1)]);
}

test('the cluster of a gateway of meshNetworks is the declared cluster with its address, or on its network', async () => {
  const catalog = 'catalog.meshproof.svc.cluster.local';
  const declared = ['east', '172.30.1.2', catalog];
  const unnamed = (network: string, address: string) => ({ network, cluster: '', address, port: 15443 });
  assert.deepEqual(await probesWith([unnamed('east-net', '172.30.1.2')]), [declared]);
  assert.deepEqual(await probesWith([unnamed('unknown', '172.30.1.2')]), [declared]);
  assert.deepEqual(await probesWith([unnamed('east-net', '192.0.2.1')]), [
    declared,
    ['east', '192.0.2.1', catalog],
  ]);
  assert.deepEqual((await probesWith([unnamed('machines', '192.0.2.1')])).at(-1)?.slice(0, 2), [
    '',
    '192.0.2.1',
  ]);
});
