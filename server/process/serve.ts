// One running server: store, trace, ingest socket, HTTP, and the timers that drive them. Nothing here prints or
// exits; the command line does.
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { KernelState } from '../../shared/api.ts';
import type { StartedWith } from '../../shared/settings.ts';
import { Alerting } from '../alerts/alerts.ts';
import { buildApp } from '../app.ts';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config/read.ts';
import { Diagnoser } from '../diagnosis/diagnoser.ts';
import { Examiner } from '../diagnosis/examiner.ts';
import { FormerDaemons } from '../diagnosis/former.ts';
import { CodedError } from '../errors.ts';
import { OtlpPush } from '../export/otlp-push.ts';
import { FaultBoard } from '../faults/board.ts';
import { Importer } from '../import/importer.ts';
import { Intake } from '../ingest/intake.ts';
import { listenIngest } from '../ingest/socket.ts';
import { KernelCollector } from '../kernel/collector.ts';
import { type AttachOption, AttachPolicy } from '../kernel/policy.ts';
import type { Launch } from '../launch/launch.ts';
import { Launcher } from '../launch/launcher.ts';
import { LiveHub } from '../live/hub.ts';
import { SECONDS_KEPT } from '../live/seconds.ts';
import { MirrorManager } from '../mirrors/manager.ts';
import { MountMapper } from '../mounts/map/gather.ts';
import { isTapped } from '../mounts/registry.ts';
import { FlightRecorder } from '../recordings/flight.ts';
import { Recordings } from '../recordings/manager.ts';
import { isLoopback } from '../security/peer.ts';
import { pageDir, program } from '../setup/paths.ts';
import { readThresholds } from '../stalls/rules.ts';
import { openStore } from '../store/store.ts';
import { Trace } from '../trace.ts';
import { AuditLog } from '../ways/audit.ts';
import { noteDeeds } from '../ways/endings.ts';
import { holdingOf } from '../ways/holding.ts';
import { WayRunner } from '../ways/runner.ts';
import { Ways } from '../ways/ways.ts';
import { Pulse } from './pulse.ts';
import { Undo } from './undo.ts';

export interface ServeOptions {
  host: string;
  port: number;
  db: string;
  socket: string;
  /** Null: none is asked for on loopback; other addresses need one. */
  token: string | null;
  maxBytes: number;
  maxAgeS: number;
  version: string;
  attach: AttachOption;
  /** Configuration file, or null. */
  config: string | null;
  /** Collector that operations are pushed to, or null. */
  otlp: string | null;
  /** The best way to listen to the kernel that may be used. */
  tap: KernelState['tier'];
  log: Logger;
}

export interface RunningServer {
  /** Where the page is, with the port that was really taken. */
  url: string;
  socket: string;
  /** File that was unreadable and set aside, or null. */
  setAside: string | null;
  /** Reads the configuration file again. */
  reload(): void;
  startDemo(): Promise<{ mountpoint: string }>;
  launch: Launch;
  close(): Promise<void>;
}

/** @throws CodedError where the port, the socket or the database cannot be had. */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  if (!isLoopback(options.host) && options.host !== 'localhost' && options.token === null) {
    throw new CodedError(
      'FUSESCOPE_FORBIDDEN',
      `${options.host} is not loopback, so a token is needed. Use --token or --token-file`,
    );
  }
  // Before anything is opened: what is wrong in it is to be said, not cleaned up after.
  if (options.config !== null) readConfig(options.config);
  const undo = new Undo();
  try {
    return await start(options, undo);
  } catch (error) {
    // Why it could not start is what counts.
    await undo.run().catch(() => undefined);
    throw error;
  }
}

async function start(options: ServeOptions, undo: Undo): Promise<RunningServer> {
  const { log } = options;
  const clock = systemClock;
  const startedUs = clock.wallUs();
  const startedNs = clock.monoNs();

  // Before there is a file that it could inherit.
  const launcher = await Launcher.start();
  undo.push(() => launcher.close());
  const { launch } = launcher;
  let trace: Trace | null = null;
  let intake: Intake | null = null;
  const store = await openStore({
    file: options.db,
    maxBytes: options.maxBytes,
    maxAgeS: options.maxAgeS,
    onState: (state, message) => log[state === 'ok' ? 'info' : 'error']({ message }, `store is ${state}`),
    onLost: (cause, count) => trace?.lost(null, cause, count, clock.wallUs(), clock.wallUs()),
    onDurable: (instance, seq) => intake?.durable(instance, seq),
  });
  undo.push(() => store.close());
  const past = await store.seconds({ fromUs: startedUs - SECONDS_KEPT * 1e6, toUs: startedUs });
  trace = new Trace({ store, clock, thresholds: readThresholds(store.settings.get('thresholds')) }, past);
  intake = new Intake(trace, store, clock, hostname());
  const hub = new LiveHub();
  hub.onHurry = (prompt) => {
    if (intake) intake.pace = { prompt };
  };
  const programs = { mirror: program('fuse/mirror/main'), demo: program('fuse/demo/main') };
  const mirrors = new MirrorManager(programs, options.socket, launch, log);
  const faults = new FaultBoard(trace.mounts, intake);
  const attach = new AttachPolicy(store, options.attach);
  const kernel = new KernelCollector({
    program: program('fuse/kernel/main'),
    socket: options.socket,
    policy: attach,
    tap: options.tap,
    clock,
    launch,
    log,
    isListening: () => trace?.mounts.all().some(isTapped) ?? false,
    onGap: (fromUs, toUs) => trace?.lost(null, 'kernel-collector-ended', 1, fromUs, toUs),
  });
  const recordings = new Recordings({
    db: options.db,
    host: hostname(),
    clock,
    log,
    store,
    flush: () => trace?.flush(),
  });
  undo.push(() => recordings.close());
  const audit = new AuditLog(store, clock, log);
  const runner = new WayRunner(program('fuse/ways/main'), launch);
  const mountMap = new MountMapper({ trace, runner, host: hostname(), nowUs: () => clock.wallUs() });
  const ways = new Ways({
    trace,
    runner,
    holding: holdingOf(faults),
    audit,
  });
  noteDeeds(trace, store, audit);
  const alerting = new Alerting({
    file: options.config,
    host: hostname(),
    trace,
    nowUs: () => clock.wallUs(),
    launch,
    log,
  });
  const flight = new FlightRecorder({ trace, recordings, nowUs: () => clock.wallUs(), log });
  const imports = new Importer(program('fuse/logs/main'), launch, recordings);
  undo.push(() => imports.close());
  const diagnoser = new Diagnoser(
    {
      trace,
      kernel,
      examiner: new Examiner(program('fuse/examiner/main'), launch, log),
      former: new FormerDaemons(trace, () => clock.wallUs()),
      faults,
      nowUs: () => clock.wallUs(),
    },
    store,
    log,
  );
  const otlp =
    options.otlp === null
      ? null
      : new OtlpPush({
          url: options.otlp,
          trace,
          nowUs: () => clock.wallUs(),
          version: options.version,
          log,
        });
  const pulse = new Pulse({ trace, hub, intake, clock, startedNs, log });
  const context = {
    version: options.version,
    startedUs,
    clock,
    log,
    launch,
    store,
    trace,
    intake,
    hub,
    faults,
    mirrors,
    attach,
    kernel,
    recordings,
    ways,
    mountMap,
    alerting,
    imports,
    diagnoser,
    startedWith: startedWith(options),
    otlp,
  };
  const app = await buildApp({ context, guard: { token: options.token, host: options.host }, pageDir });
  // It ends before what it asks, also where it never listens.
  undo.push(() => app.close());
  const ingest = await listenIngest(options.socket, intake, log);
  undo.push(() => ingest.close());
  await listen(app, options);
  pulse.start();
  undo.push(async () => {
    await app.close();
    pulse.stop();
  });
  alerting.start();
  undo.push(() => alerting.close());
  otlp?.start();
  undo.push(() => otlp?.close());
  flight.start();
  undo.push(() => flight.close());
  undo.push(() => mirrors.close());
  kernel.start();
  undo.push(() => kernel.close());
  undo.push(() => diagnoser.close());
  // What was going on when the last server ended is completed, whether or not anybody asks.
  recordings.load().catch((error: Error) => log.error({ error: error.message }, 'recordings cannot be read'));
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}/`,
    socket: options.socket,
    setAside: store.setAside,
    reload: () => alerting.reload(),
    startDemo: () => mirrors.startDemo(),
    launch,
    close: () => undo.run(),
  };
}

/** What of the options is shown: never the token itself. */
function startedWith({
  host,
  token,
  socket,
  db,
  maxBytes,
  maxAgeS,
  attach,
  config,
}: ServeOptions): StartedWith {
  const mounts = typeof attach === 'string' ? [attach] : [...attach];
  return { host, token: token !== null, socket, db, maxBytes, maxAgeS, attach: mounts, config };
}

async function listen(
  app: Awaited<ReturnType<typeof buildApp>>,
  { host, port }: ServeOptions,
): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why: Readonly<Record<string, string>> = {
      EADDRINUSE: `port ${port} is taken, perhaps by another FuseScope. Use --port 0 for a free one`,
      EACCES: `port ${port} needs more privilege. Use a port above 1023`,
      EADDRNOTAVAIL: `this machine has no address ${host}. Use --host 127.0.0.1`,
    };
    throw new CodedError('FUSESCOPE_CONFLICT', why[code ?? ''] ?? (error as Error).message, { cause: error });
  }
}
