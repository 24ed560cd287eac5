import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { loadMeshFile } from '../config/load.ts';
import { startApiServers } from '../kube/fake-api-servers.ts';
import { attach } from '../mesh/attach.ts';
import { collectLogs, logsWanted } from './logs.ts';
import { sampleSnapshot } from './sample/sample.ts';
import type { PodRecord } from './schema.ts';

const window = { sinceMs: 60_000, linesPerContainer: 100, charactersPerContainer: 50 };

/** The logs of the sample, of whose istiod in west the container has been started again. */
async function gather(respond: (url: URL, response: ServerResponse) => void) {
  const asked: URL[] = [];
  const listener: RequestListener = (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    asked.push(url);
    respond(url, response);
  };
  await using servers = await startApiServers({ west: listener, east: listener });
  await using mesh = attach(loadMeshFile(servers.meshFile()));
  const logs = await collectLogs(mesh, restarted(), window);
  return { logs, asked };
}

function restarted() {
  const snapshot = sampleSnapshot();
  const pod = snapshot.clusters[0]?.pods.find(({ labels }) => labels['app'] === 'istiod');
  for (const container of pod?.containers ?? []) container.restarts = 1;
  return snapshot;
}

test('the log of a restarted container also has the run before', async () => {
  const { logs, asked } = await gather((url, response) => {
    response.end(url.searchParams.has('previous') ? 'panic: why\n' : 'now\n');
  });
  const before = logs.filter(({ name }) => name.endsWith('.previous.log'));
  assert.deepEqual(
    before.map(({ name, content }) => [name, content]),
    [['logs/west/istio-system/istiod-1/discovery.previous.log', 'panic: why\n']],
  );
  // It may have crashed long ago.
  const previous = asked.filter(({ searchParams }) => searchParams.has('previous'));
  assert.deepEqual(
    previous.map(({ searchParams }) => searchParams.get('sinceSeconds')),
    [null],
  );
});

test('a log that is too long loses its oldest whole lines', async () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join('');
  const { logs, asked } = await gather((_, response) => response.end(lines));
  assert.ok(asked.every(({ searchParams }) => !searchParams.has('limitBytes')));
  for (const { content } of logs) assert.match(content, /^line 2\d\n[^]*line 29\n$/);
});

test('each log has its own time: one that hangs takes it from no other', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let [hanging, answered] = [0, 0];
  const { clusters, declared } = restarted();
  const wanted = clusters.flatMap((cluster) => logsWanted(cluster, declared)).length;
  const timer = setInterval(() => {
    if (hanging + answered === wanted) t.mock.timers.tick(10_000);
  }, 100);
  const { logs } = await gather((url, response) => {
    if (url.pathname.includes('istiod')) hanging++;
    else {
      // The connection closes after the client has read the answer. A flushed answer may still be on its way when time is over.
      response.socket?.once('close', () => answered++);
      response.setHeader('connection', 'close').end('said\n');
    }
  });
  clearInterval(timer);
  const [silent, answers] = [
    logs.filter(({ name }) => name.includes('istiod')),
    logs.filter(({ name }) => !name.includes('istiod')),
  ];
  assert.ok(silent.length === 3 && silent.every(({ content }) => /no answer within 10000 ms/.test(content)));
  assert.ok(answers.length > 6 && answers.every(({ content }) => content === 'said\n'));
});

test('logs are those of the istiods and gateways of the mesh file', () => {
  const { clusters, declared } = sampleSnapshot();
  const west = clusters[0] ?? assert.fail();
  const own = declared.clusters[0] ?? assert.fail();
  const called = (app: string) => west.pods.find(({ labels }) => labels['app'] === app) ?? assert.fail(app);
  const [eastWest, ingress] = [called('istio-eastwestgateway'), called('istio-ingressgateway')];
  const elsewhere = (pod: PodRecord, namespace: string) => ({ ...pod, namespace, name: `${namespace}-pod` });
  // Another mesh's control plane, a gateway of a team, and the gateways that the mesh file names.
  west.pods = [
    ...west.pods.filter((pod) => pod !== eastWest && pod !== ingress),
    elsewhere(called('istiod'), 'other-mesh'),
    elsewhere(eastWest, 'team'),
    elsewhere(eastWest, 'gateways'),
    elsewhere(ingress, 'ingress'),
  ];
  const workload = west.workloads.find(({ name }) => name === 'istio-eastwestgateway') ?? assert.fail();
  workload.namespace = own.eastWestGateway!.namespace = 'gateways';
  const service = west.services.find(({ name }) => name === 'istio-ingressgateway') ?? assert.fail();
  Object.assign(service, { namespace: 'ingress', external: ['192.0.2.1'] });
  own.ingress = 'http://192.0.2.1:8080/';
  const places = new Set(logsWanted(west, declared).map(({ pod }) => pod.namespace));
  assert.deepEqual([...places].toSorted(), ['gateways', 'ingress', 'istio-system', 'meshproof']);
});
