// Alerting: reads the rules of the configuration file, watches the stalls, and hands what there is to tell to the
// channels of each rule.
import type { Logger } from 'pino';
import type { AlertMessage, Alerts, Delivery } from '../../shared/alerts.ts';
import type { Stall } from '../../shared/stall.ts';
import { readConfig } from '../config/read.ts';
import type { Launch } from '../launch/launch.ts';
import type { Trace } from '../trace.ts';
import { command } from './command.ts';
import { Episodes } from './episodes.ts';
import { journal } from './journal.ts';
import { Queue, type QueueOptions } from './queue.ts';
import { type AlertRule, ruleOf } from './rules.ts';
import { webhook } from './webhook.ts';

const LOOK_MS = 250;
const DELIVERIES_KEPT = 100;

export interface AlertingOptions {
  /** Configuration file; null: no alerts. */
  file: string | null;
  host: string;
  trace: Trace;
  nowUs: () => number;
  launch: Launch;
  log: Logger;
}

export class Alerting {
  readonly #options: AlertingOptions;
  readonly #episodes: Episodes;
  #rules: readonly AlertRule[] = [];
  #queues: Queue[] = [];
  /** Those of `#queues` that belong to a rule. */
  #channels = new Map<AlertRule, Queue[]>();
  #deliveries: Delivery[] = [];
  #timer: NodeJS.Timeout | null = null;
  #loadedUs: number | null = null;
  #error: string | null = null;

  /** @throws CodedError FUSESCOPE_INVALID with the position of what is wrong in the file */
  constructor(options: AlertingOptions) {
    this.#options = options;
    this.#episodes = new Episodes(options.host, (rule, message) => this.#tell(rule, message));
    if (options.file !== null) this.#load(options.file);
  }

  start(): void {
    const { trace, nowUs } = this.#options;
    trace.on('closed', this.#closed);
    this.#timer = setInterval(() => {
      if (this.#rules.length > 0) this.#episodes.look(trace.stalls.open(), nowUs());
    }, LOOK_MS);
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#options.trace.off('closed', this.#closed);
    for (const queue of this.#queues) queue.close();
  }

  /** Reads the file anew. What is wrong in it is told and logged; the rules before stay in force then. */
  reload(): void {
    const { file, log } = this.#options;
    if (file === null) return;
    try {
      this.#load(file);
      log.warn({ file, rules: this.#rules.length }, 'the configuration was read again');
    } catch (error) {
      this.#error = (error as Error).message;
      log.error(
        { file, error: this.#error },
        'the configuration was not taken; the one before stays in force',
      );
    }
  }

  view(): Alerts {
    return {
      config: { file: this.#options.file, loadedUs: this.#loadedUs, error: this.#error },
      rules: this.#rules.map(({ config: { name, mount, op, cause }, afterMs, quietMs }) => ({
        name,
        mount: mount ?? null,
        op: op ?? null,
        cause: cause ?? null,
        afterMs,
        quietMs,
      })),
      channels: this.#queues.map((queue) => queue.view()),
      active: this.#episodes.active(),
      deliveries: this.#deliveries,
    };
  }

  readonly #closed = (stall: Stall) => this.#episodes.closed(stall, this.#options.nowUs());

  #load(file: string): void {
    const { alerts = [] } = readConfig(file);
    for (const queue of this.#queues) queue.close();
    this.#rules = alerts.map(ruleOf);
    this.#channels = new Map(this.#rules.map((rule) => [rule, this.#channelsOf(rule)]));
    this.#queues = [...this.#channels.values()].flat();
    this.#episodes.rules = this.#rules;
    this.#loadedUs = this.#options.nowUs();
    this.#error = null;
  }

  #channelsOf({ config }: AlertRule): Queue[] {
    const told = (delivery: Delivery) => this.#told(delivery);
    const queue = (options: Omit<QueueOptions, 'rule' | 'told'>) =>
      new Queue({ rule: config.name, told, ...options });
    const queues: Queue[] = [];
    const { launch } = this.#options;
    if (config.webhook) {
      const target = new URL(config.webhook.url).host;
      queues.push(queue({ kind: 'webhook', target, send: webhook(config.webhook) }));
    }
    if (config.command) {
      const [program, ...args] = config.command as [string, ...string[]];
      queues.push(queue({ kind: 'command', target: program, send: command([program, ...args], launch) }));
    }
    if (config.journal) queues.push(queue({ kind: 'journal', target: 'systemd', send: journal(launch) }));
    return queues;
  }

  #tell(rule: AlertRule, message: AlertMessage): void {
    this.#options.log.warn({ rule: message.rule, event: message.event }, message.text);
    for (const queue of this.#channels.get(rule) ?? []) queue.add(message);
  }

  #told(delivery: Delivery): void {
    if (delivery.outcome !== 'delivered') this.#options.log.error({ delivery }, 'an alert was not delivered');
    this.#deliveries = [delivery, ...this.#deliveries].slice(0, DELIVERIES_KEPT);
  }
}
