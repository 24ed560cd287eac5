import assert from 'node:assert/strict';
import { test } from 'node:test';
import cases from './classify.cases.json' with { type: 'json' };
import { classifyAnswer, classifyError } from './classify.ts';

// The answers of proxies are local replies of Envoy 1.39.1, recorded on loopback by causing each failure. Cases that are
// marked as older are from earlier releases. clusters/k6/outcome reads the same cases: k6 and undici must agree.
for (const { name, outcome, origin, detail, ...answer } of cases.answers) {
  test(`${name} is ${outcome}`, () => {
    assert.deepEqual(classifyAnswer(answer), {
      outcome,
      ...(origin === undefined ? {} : { origin }),
      ...(detail === undefined ? {} : { detail }),
    });
  });
}

interface NodeError {
  code?: string;
  name?: string;
  message?: string;
  wrapped?: string;
}

/** An error of Node or undici. */
function made({ code, name, message = 'it broke', wrapped }: NodeError): Error {
  const plain = () => {
    if (name !== undefined) return new DOMException(message, name);
    return Object.assign(new Error(message), code === undefined ? {} : { code });
  };
  if (wrapped === 'cause') return new Error('outer', { cause: plain() });
  return wrapped === 'aggregate' ? new AggregateError([plain(), plain()]) : plain();
}

for (const { name, outcome, node } of cases.errors) {
  if (node === undefined) continue; // only Go has this error
  test(`an error, ${name}, is ${outcome}`, () => {
    const classified = classifyError(made(node));
    assert.equal(classified.outcome, outcome);
    assert.equal(classified.origin, undefined);
    assert.notEqual(classified.detail, '');
  });
}
