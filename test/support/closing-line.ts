// The last line of a test run, in plain words that a script can count: `N passed, N failed, N skipped`. Before it,
// the tests that passed when tried again only, by name: a busy machine or a real fault, both worth a look.
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      // A file that does not load, or a hook that throws, fails without a test.
      for (const suite of [module, ...module.children.allSuites()]) {
        if (suite.errors().length > 0) count.failed++;
      }
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // Vitest leaves tests pending that are skipped twice over.
        const skipped = test.parent.type === 'suite' && test.parent.state() === 'skipped';
        count[state === 'pending' && skipped ? 'skipped' : state]++;
        if (test.diagnostic()?.flaky) process.stdout.write(`needed another try: ${test.fullName}\n`);
      }
    }
    process.stdout.write(
      `${count.passed} passed, ${count.failed + count.pending} failed, ${count.skipped} skipped\n`,
    );
  }
}
