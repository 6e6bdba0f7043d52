// What systemd is to a service: a datagram socket (NOTIFY_SOCKET) on which messages of sd_notify(3) come in. Node has no
// such sockets, Python has.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PYTHON = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('"listening"', flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`;

export interface ServiceManager extends AsyncDisposable {
  /** Messages so far, oldest first. */
  readonly messages: readonly string[];
  /** Resolves once a message holds this line. */
  told(line: string): Promise<void>;
}

export async function listenAsServiceManager(path: string): Promise<ServiceManager> {
  const child = spawn('python3', ['-c', PYTHON, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const messages: string[] = [];
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  lines.on('line', (line) => messages.push(JSON.parse(line)));
  return {
    messages,
    async told(line) {
      while (!messages.some((message) => message.split('\n').includes(line))) await once(lines, 'line');
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
