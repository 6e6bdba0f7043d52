// fusescope/testing/reporter: a vitest reporter that prints the last operations of a failed test's mounts below it.
import type { Reporter, TestCase } from 'vitest/node';
import type {} from './vitest.ts';

export default class FuseScopeReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    if (test.result().state !== 'failed') return;
    for (const { mountpoint, report } of test.meta().fusescope ?? [])
      process.stdout.write(`\n${test.fullName}: last operations on ${mountpoint}\n${report}`);
  }
}
