import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = process.env.FUSESCOPE_SERVER ?? 'http://127.0.0.1:7411';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    // A recharts chunk belongs to the Latency view alone; the first paint must not wait for it.
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': { target: server, ws: true, changeOrigin: true } } },
});
