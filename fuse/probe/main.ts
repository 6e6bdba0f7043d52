// A child of `fusescope probe visibility`: writes marked files into a directory, or looks for them in one. It works on
// a mount that may hang; whoever started it kills it then.
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FromProbe, ToProbe } from '../../shared/probe.ts';

const LOOK_MS = 2;
/** Listing a large directory costs more than opening a file. */
const LIST_MS = 10;

interface Watched {
  opened: boolean;
  listed: boolean;
  /** Seen before, and gone at the last look. */
  gone: boolean;
}

const [role, dir = '/'] = process.argv.slice(2);
const tell = (message: FromProbe) => process.stdout.write(`${JSON.stringify(message)}\n`);
const now = () => String(process.hrtime.bigint());
const watched = new Map<string, Watched>();

const DEEDS: Readonly<Record<ToProbe['do'], (name: string) => void>> = {
  write(name) {
    const fd = openSync(join(dir, name), 'wx', 0o600);
    try {
      writeSync(fd, name);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    tell({ what: 'wrote', name, atNs: now() });
  },
  remove(name) {
    unlinkSync(join(dir, name));
    tell({ what: 'removed', name, atNs: now() });
  },
  watch(name) {
    watched.set(name, { opened: false, listed: false, gone: false });
    lookFor(name);
  },
  forget(name) {
    watched.delete(name);
  },
};

function lookFor(name: string): void {
  const facts = watched.get(name);
  if (!facts) return;
  const there = isWhole(name);
  if (there && !facts.opened) {
    facts.opened = true;
    tell({ what: 'opened', name, atNs: now() });
  } else if (facts.opened && there === facts.gone) {
    facts.gone = !there;
    tell({ what: there ? 'reappeared' : 'vanished', name, atNs: now() });
  }
}

/** Whether the file can be opened and has all of its content; an empty or shorter one is not visible yet. */
function isWhole(name: string): boolean {
  try {
    return readFileSync(join(dir, name), 'utf8') === name;
  } catch {
    return false;
  }
}

function list(): void {
  const missing = [...watched].filter(([, facts]) => !facts.listed);
  if (missing.length === 0) return;
  try {
    const names = new Set(readdirSync(dir));
    const atNs = now();
    for (const [name, facts] of missing) {
      if (!names.has(name)) continue;
      facts.listed = true;
      tell({ what: 'listed', name, atNs });
    }
  } catch {
    // Not listed then; the next look may be luckier.
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { do: deed, name } = JSON.parse(line) as ToProbe;
    try {
      DEEDS[deed](name);
    } catch (error) {
      tell({ what: 'failed', name, message: error instanceof Error ? error.message : String(error) });
    }
  })
  .on('close', () => process.exit(0));
if (role === 'look') {
  try {
    readdirSync(dir);
  } catch (error) {
    tell({ what: 'failed', name: '', message: error instanceof Error ? error.message : String(error) });
  }
  setInterval(() => {
    for (const name of watched.keys()) lookFor(name);
  }, LOOK_MS);
  setInterval(list, LIST_MS);
}
tell({ what: 'ready' });
