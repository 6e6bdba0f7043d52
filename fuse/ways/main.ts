// Looks or acts once for the server, and ends. Whatever may wait (links of a process in execve, umount) waits here, in
// a process that the server kills. The request is JSON, the only argument; the answer is WayLines on standard output.
import { writeSync } from 'node:fs';
import type { WayLine, WayRequest } from '../../shared/ways.ts';
import { abortConnection, signalProcess, unmountLazily } from './act.ts';
import { factsOf } from './facts.ts';
import { findFootings } from './footings.ts';
import { findFileHolders } from './holders.ts';

process.chdir('/');
process.title = 'fusescope way';

// At once, not when the event loop comes to it: what hangs next must be known.
const tell = (line: WayLine) => writeSync(1, `${JSON.stringify(line)}\n`);
const at = (pid: number) => tell({ at: pid });

const request = JSON.parse(process.argv[2] ?? '') as WayRequest;
switch (request.ask) {
  case 'facts': {
    const looking = { at, skip: new Set(request.skip) };
    tell({ facts: factsOf(request.connection, request.daemon, request.callers, looking) });
    break;
  }
  case 'holders': {
    const ids = new Set(request.places.map((place) => place.id));
    const own = request.places.filter((place) => place.namespace === null);
    const points = own.map((place) => place.mountpoint);
    findFileHolders({ ids, points, skip: new Set(request.skip) }, at, (holder) => tell({ holder }));
    tell({ done: null });
    break;
  }
  case 'footings':
    findFootings({ pids: request.pids, skip: new Set(request.skip) }, at, tell);
    tell({ done: null });
    break;
  case 'abort':
    tell({ done: abortConnection(request.connection, request.places, request.daemon) });
    break;
  case 'signal':
    tell({ done: signalProcess(request.pid, request.startTicks, request.signal) });
    break;
  case 'unmount':
    tell({ done: await unmountLazily(request.connection, request.places, request.answered) });
    break;
}
