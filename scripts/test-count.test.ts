import assert from 'node:assert/strict';
import test from 'node:test';
import { countJunit } from './test-count.ts';

test('passed, failed and skipped test cases are told apart', () => {
  const xml = `<testsuites>
    <testcase name="a"/><testcase name="b > c" time="1"></testcase>
    <testcase name="d"><failure message="no"/></testcase><testcase name="e"><error/></testcase>
    <testcase name="f"><skipped/></testcase></testsuites>`;
  assert.deepEqual(countJunit(xml), { passed: 2, failed: 2 });
});

test('an empty report counts nothing', () => {
  assert.deepEqual(countJunit('<testsuites></testsuites>'), { passed: 0, failed: 0 });
});
