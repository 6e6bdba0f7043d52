// The example's own suite, run by test/server/run/examples.test.ts. In a package of yours `fusescope/testing/…` needs no alias.
import { defineConfig } from 'vitest/config';

const source = (name: string) => new URL(`../../../server/testing/${name}.ts`, import.meta.url).pathname;

export default defineConfig({
  resolve: { alias: { 'fusescope/testing/vitest': source('vitest') } },
  test: {
    root: import.meta.dirname,
    include: ['*.example.ts'],
    reporters: ['default', source('reporter')],
    testTimeout: 60_000,
  },
});
