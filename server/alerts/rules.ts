// Which stalls a rule of the configuration is about. Pure.
import { compileGlob } from '../../shared/filter/glob.ts';
import type { Stall } from '../../shared/stall.ts';
import { type AlertRuleConfig, timeMs } from '../config/schema.ts';

/** A stall is told with its cause; so long one waits for it to be found. */
const CAUSE_WAIT_MS = 3_000;
const QUIET_MS = 10_000;

export interface AlertRule {
  readonly config: AlertRuleConfig;
  readonly afterMs: number;
  readonly quietMs: number;
  readonly matchesMount: (mount: string) => boolean;
}

/** A rule with its times in ms and its pattern compiled; the configuration was checked when it was read. */
export function ruleOf(config: AlertRuleConfig): AlertRule {
  return {
    config,
    afterMs: config.after === undefined ? 0 : timeMs(config.after),
    quietMs: config.quiet === undefined ? QUIET_MS : timeMs(config.quiet),
    matchesMount: config.mount === undefined ? () => true : compileGlob(config.mount, 'whole'),
  };
}

/** Whether the stall, as it is now, is one of the rule's. */
export function matches(rule: AlertRule, stall: Stall, nowUs: number): boolean {
  const { op, cause } = rule.config;
  if (stall.ageMs < rule.afterMs || !rule.matchesMount(stall.span.mount)) return false;
  if (op !== undefined && !op.includes(stall.span.op)) return false;
  const looked =
    stall.cause !== null || stall.state === 'closed' || (nowUs - stall.raisedUs) / 1e3 >= CAUSE_WAIT_MS;
  if (!looked) return false;
  return cause === undefined || cause.includes(stall.cause?.kind ?? 'unknown');
}
