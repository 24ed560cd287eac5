import assert from 'node:assert/strict';
import test from 'node:test';
import { countJunit, failuresOf } from './test-count.ts';

test('passed, failed and skipped test cases are counted separately', () => {
  const xml = `<testsuites>
    <testcase name="a"/><testcase name="b > c" time="1"></testcase>
    <testcase name="d"><failure message="no"/></testcase><testcase name="e"><error/></testcase>
    <testcase name="f"><skipped/></testcase></testsuites>`;
  assert.deepEqual(countJunit(xml), { passed: 2, failed: 2 });
});

test('a failed case is reported with its name and its message', () => {
  const xml = `<testsuites><testcase name="a"/>
    <testcase name="&lt;b> &amp;quot;c&amp;quot;"><failure type="x" message="one&#10;RES-01 fail: &lt;y&gt; and more">stack</failure></testcase>
    <testcase name="d"><error/></testcase></testsuites>`;
  assert.deepEqual(failuresOf(xml, 20), ['<b> "c"\n    one\n    RES-01 fail: <y>', 'd\n    ']);
});

test('the file of a failed case follows its name', () => {
  const xml =
    '<testsuites><testcase name="a" file="/x/a.test.ts"><failure message="no"/></testcase></testsuites>';
  assert.deepEqual(failuresOf(xml), ['a (/x/a.test.ts)\n    no']);
});

test('an empty report counts nothing', () => {
  assert.deepEqual(countJunit('<testsuites></testsuites>'), { passed: 0, failed: 0 });
});
