import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type Plugin } from 'vite';

const server = process.env.FUSESCOPE_SERVER ?? 'http://127.0.0.1:7411';
const OUT = join(import.meta.dirname, '../dist/web');

/** Lays a compressed copy beside each file that gains by it: the server sends those and compresses nothing itself. */
function compressed(): Plugin {
  return {
    name: 'compressed-copies',
    apply: 'build',
    closeBundle() {
      for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const path = join(OUT, name);
        const bytes = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(bytes));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

/** The script of the pages that exports as html are: one file, with its styles in it. */
function report(): Plugin {
  return {
    name: 'report',
    apply: 'build',
    async closeBundle() {
      await build({
        configFile: false,
        root: import.meta.dirname,
        logLevel: 'error',
        build: {
          outDir: join(import.meta.dirname, '../dist/report'),
          emptyOutDir: true,
          target: 'es2023',
          lib: {
            entry: join(import.meta.dirname, 'report/main.ts'),
            formats: ['iife'],
            name: 'fusescopeReport',
            fileName: () => 'report.js',
          },
        },
        publicDir: false,
      });
    },
  };
}

// Whoever builds the page, a test with NODE_ENV=test among them, builds the one that is shipped: React would
// otherwise come as its development build, which is much slower.
if (process.argv.includes('build')) process.env.NODE_ENV = 'production';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compressed(), report()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: 'es2023',
    // Two parts are larger than vite likes, as sent they are 150 and 90 kB: React with what every view needs, and
    // recharts, which only Latency loads.
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': { target: server, ws: true, changeOrigin: true } } },
});
