// Real mounts whose daemon can be stopped and killed, and taps that listen to them. The test process itself never
// touches a mount.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { type BpfTap, type BpfTapOptions, startBpfTap } from '../../../fuse/kernel/bpf-tap.ts';
import { buildLoader } from '../../../fuse/kernel/loader/build.mjs';
import { PathTable } from '../../../fuse/kernel/paths.ts';
import type { TapLoss, TapName, TapRecord } from '../../../fuse/kernel/tap.ts';
import { opCode } from '../../../shared/ops.ts';
import { bindfs, type Daemon, startDaemon } from '../../support/daemons.ts';
import { type Ended, run, Workplace } from '../../support/mirror.ts';
import { describeWith, type Need } from '../../support/requires.ts';
import { until } from '../../support/until.ts';

/** Tests of the BPF tap on real mounts. @param more what they need besides. @throws in CI where the loader cannot be built. */
export function describeTap(name: string, body: () => void, more: readonly Need[] = []): void {
  const built = buildLoader();
  if (!('reason' in built)) describeWith(['root', 'fuse', 'bindfs', ...more], name, body);
  else if (process.env.CI) throw new Error(`${name}: ${built.reason}`);
  else describe.skip(`${name} (skipped: ${built.reason})`, body);
}

/** A place for the mounts and taps of one test; `clean` ends all, stopped or not. */
export class TapPlace {
  readonly #place = new Workplace();
  readonly #daemons: Daemon[] = [];
  readonly #taps: BpfTap[] = [];

  /** A file of the test's own that can be run. */
  script(name: string, text: string): string {
    const path = join(this.#place.dir, name);
    writeFileSync(path, text, { mode: 0o755 });
    return path;
  }

  /** Mounts bindfs on a directory of this name. @param prefix words before its command, as `unshare …`. */
  async mount(name = 'mnt', prefix: readonly string[] = []): Promise<Daemon> {
    const daemon =
      prefix.length === 0 ? await bindfs(this.#place, name) : await bindfsBehind(prefix, this.#place, name);
    this.#daemons.push(daemon);
    // It is mounted before it has answered INIT.
    await run('stat', [daemon.mountpoint]);
    return daemon;
  }

  /** A tap that listens to these mounts. */
  async tap(mounts: readonly Daemon[], more: Partial<BpfTapOptions> = {}): Promise<Heard> {
    const heard = await listen(mounts, more);
    this.#taps.push(heard.tap);
    return heard;
  }

  async clean(): Promise<void> {
    for (const { child } of this.#daemons) child.kill('SIGCONT');
    for (const tap of this.#taps) await tap.close();
    await this.#place.clean();
  }
}

/** `pid` is that of the first of these words. */
function bindfsBehind(prefix: readonly string[], place: Workplace, name: string): Promise<Daemon> {
  const [source, mountpoint] = [place.make(`${name}-source`), place.make(name)];
  const [program = '', ...words] = [...prefix, 'bindfs', '-f', source, mountpoint];
  return startDaemon(program, words, source, mountpoint);
}

/** A tap that listens to these mounts, to be closed by the caller. */
export async function listen(mounts: readonly Daemon[], more: Partial<BpfTapOptions> = {}): Promise<Heard> {
  const heard = new Heard();
  heard.tap = await startBpfTap(
    {
      ownPids: [],
      ...more,
      onMountsChanged: () => heard.mountChanges++,
      onExcluded: (count) => {
        heard.excluded += count;
      },
    },
    {
      record: (record) => heard.take(record),
      name: (name) => heard.takeName(name),
      loss: (loss) => heard.losses.push(loss),
      ended: (reason) => heard.ends.push(reason),
    },
  );
  heard.tap.watch(new Set(mounts.map((one) => one.connection)));
  // The answer comes when the commands before it have been carried out.
  await heard.tap.inflight();
  return heard;
}

/** What a tap has told. */
export class Heard {
  tap!: BpfTap;
  readonly records: TapRecord[] = [];
  readonly names: TapName[] = [];
  /** Each finished record with its paths as they were known when it was told: of one mount. */
  readonly paths: { record: TapRecord; path: string | null; newPath: string | null }[] = [];
  readonly #table = new PathTable();
  readonly losses: TapLoss[] = [];
  readonly ends: string[] = [];
  excluded = 0;
  mountChanges = 0;

  take(record: TapRecord): void {
    this.records.push(record);
    if (record.kind !== 'done') return;
    this.paths.push({ record, ...this.#table.pathOf(record) });
    this.#table.learn(record);
  }

  takeName(name: TapName): void {
    this.names.push(name);
    this.#table.learnName(name);
  }

  /** Records of an operation, in the order of their ends. */
  of(op: string, kind: TapRecord['kind'] = 'done'): TapRecord[] {
    return this.records.filter((one) => one.opcode === opCode(op) && one.kind === kind);
  }

  /** Waits until a finished LOOKUP of this name is heard, so that all before it is. */
  async heard(name: string): Promise<void> {
    await until(`the tap to tell of ${name}`, () => this.of('lookup').some((one) => one.name === name));
  }

  lost(cause: string): number {
    return this.losses.filter((one) => one.cause === cause).reduce((sum, one) => sum + one.count, 0);
  }
}

/** Stops all of a daemon: a thread that waits for requests would still take one. `clean` lets it go on. */
export async function stop({ child, pid }: Daemon): Promise<void> {
  child.kill('SIGSTOP');
  await until('the daemon to stop', () =>
    readdirSync(`/proc/${pid}/task`).every((tid) =>
      /\) T /.test(readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8')),
    ),
  );
}

/** Stats `count` names that are not there, as fast as it can. */
export function statMissing(mountpoint: string, count: number, prefix = 'no'): Promise<Ended> {
  const script = 'my ($d, $n, $p) = @ARGV; for my $i (1 .. $n) { stat "$d/$p-$i" }';
  return run('perl', ['-e', script, mountpoint, String(count), prefix]);
}
