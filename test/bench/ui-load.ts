// Operations at a rate, over HTTP as any program would send them.
import type { TestServer } from '../support/server.ts';

const BATCH_MS = 50;
const OPS = ['lookup', 'getattr', 'open', 'read', 'write', 'release', 'getxattr', 'rename'];

export interface Load {
  stop: () => Promise<void>;
  /** What was sent, on average. */
  perSecond: () => number;
}

/** Posts event lines at the rate until it is stopped. */
export function startLoad(server: TestServer, perSecond: number): Load {
  const began = performance.now();
  let sent = 0;
  let running = true;
  const loop = async () => {
    while (running) {
      const due = Math.floor(((performance.now() - began) / 1_000) * perSecond);
      const count = Math.min(due - sent, perSecond / 5);
      if (count > 0) await server.post('/api/events', lines(sent, count));
      sent += Math.max(0, count);
      await new Promise((resolve) => setTimeout(resolve, BATCH_MS));
    }
  };
  const ended = loop();
  return {
    perSecond: () => sent / ((performance.now() - began) / 1_000),
    stop: async () => {
      running = false;
      await ended;
    },
  };
}

function lines(from: number, count: number): string {
  const now = Date.now() * 1_000;
  let text = '';
  for (let i = 0; i < count; i++) {
    const id = from + i;
    const op = OPS[id % OPS.length];
    const durNs = 20_000 + ((id * 7_919) % 997) * 1_000 * (id % 500 === 0 ? 200 : 1);
    const path = `/src/module-${id % 97}/file-${id % 1_009}.ts`;
    text += `{"ev":"ENTER","mount":"/bench","id":${id},"op":"${op}","ts":${now - durNs / 1_000},"path":"${path}","size":4096,"offset":0,"pid":${4_000 + (id % 23)},"comm":"worker"}\n`;
    text += `{"ev":"EXIT","mount":"/bench","id":${id},"ts":${now},"durNs":${durNs},"errno":${id % 211 === 0 ? 2 : 0}}\n`;
  }
  return text;
}
