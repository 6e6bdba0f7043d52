// What the routes work with: the parts of one running server.
import type { Logger } from 'pino';
import type { StartedWith } from '../shared/settings.ts';
import type { Alerting } from './alerts/alerts.ts';
import type { Clock } from './clock.ts';
import type { Diagnoser } from './diagnosis/diagnoser.ts';
import type { OtlpPush } from './export/otlp-push.ts';
import type { FaultBoard } from './faults/board.ts';
import type { Importer } from './import/importer.ts';
import type { Intake } from './ingest/intake.ts';
import type { KernelCollector } from './kernel/collector.ts';
import type { AttachPolicy } from './kernel/policy.ts';
import type { Launch } from './launch/launch.ts';
import type { LiveHub } from './live/hub.ts';
import type { MirrorManager } from './mirrors/manager.ts';
import type { MountMapper } from './mounts/map/gather.ts';
import type { Recordings } from './recordings/manager.ts';
import type { Store } from './store/types.ts';
import type { Trace } from './trace.ts';
import type { Ways } from './ways/ways.ts';

export interface Context {
  readonly version: string;
  readonly startedUs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly launch: Launch;
  readonly store: Store;
  readonly trace: Trace;
  readonly intake: Intake;
  readonly hub: LiveHub;
  readonly faults: FaultBoard;
  readonly mirrors: MirrorManager;
  readonly attach: AttachPolicy;
  readonly kernel: KernelCollector;
  readonly recordings: Recordings;
  readonly ways: Ways;
  readonly mountMap: MountMapper;
  readonly alerting: Alerting;
  readonly imports: Importer;
  readonly diagnoser: Diagnoser;
  /** Options of the command line, to be shown. */
  readonly startedWith: StartedWith;
  readonly otlp: OtlpPush | null;
}
