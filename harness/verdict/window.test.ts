import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineOf } from './sample-timelines.ts';
import { since } from './window.ts';

test('since keeps the requests that were in flight at an event, or came after it', () => {
  const timeline = timelineOf({
    forMs: 500,
    everyMs: 100,
    fate: () => ({ latencyMs: 150 }),
    events: { injected: 200 },
  });
  const startsOf = (label: string) => since(timeline, label).requests.map(({ startMs }) => startMs);
  assert.deepEqual(startsOf('injected'), [100, 200, 300, 400]);
  assert.deepEqual(startsOf('healed'), []);
});
