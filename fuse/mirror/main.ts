// The mirror process: shows SOURCE on MOUNTPOINT and traces what is done there. Started by `fusescope mount` and by
// the server; prints one JSON line when mounted, one sentence on stderr when it cannot. Ends with exit status 0.
import './threads.ts';
import { parseMirrorArgs } from './args.ts';
import { refuse, runMirror } from './run.ts';

try {
  await runMirror(parseMirrorArgs(process.argv.slice(2)));
} catch (error) {
  refuse(error);
}
