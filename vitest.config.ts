import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    // Mounts, sockets and a browser on few cores: whole files in turn, each in a process of its own. They wait a
    // quarter of their time, so three keep two cores busy.
    pool: 'forks',
    maxWorkers: 3,
    // Tests wait for events; these bound a wait on a machine that is busy with something else.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // In CI a test that fails is tried again, twice at most; the closing lines name each that needed it.
    retry: process.env.CI ? 2 : 0,
  },
});
