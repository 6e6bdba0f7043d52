// What is said of the faults there are. Pure.
import type { Fault } from '../../../shared/api.ts';
import type { FaultRule } from '../../../shared/fault.ts';
import { formatAge, formatCount } from '../../../shared/units.ts';
import { term } from '../../url/terms.ts';

/** The sentence on top. */
export function leadWords(faults: readonly Fault[], mirrors: number): string {
  if (mirrors === 0) return 'No mirror to do harm to';
  if (faults.length === 0) return 'No faults: the mirrors answer as their directories do';
  const on = faults.filter((one) => one.enabled).length;
  const held = faults.reduce((sum, one) => sum + one.held, 0);
  const rules = on === 0 ? 'No fault is on' : `${count(on, 'fault')} ${on === 1 ? 'is' : 'are'} on`;
  return held === 0 ? rules : `${rules}, ${count(held, 'operation')} held back`;
}

export const count = (n: number, what: string) => `${formatCount(n).text} ${n === 1 ? what : `${what}s`}`;

/** What is left of its time, or that it is over. */
export function ttlWords({ ttlMs, enabled }: Pick<Fault, 'ttlMs' | 'enabled'>): string {
  if (ttlMs === null) return '';
  return enabled && ttlMs > 0 ? `off in ${formatAge(ttlMs).text}` : 'its time is over';
}

/** A rule as it can be asked for again: what the mirror counted is left out. */
export function ruleOf({ id, match, effect, enabled, seed, ttlMs, note, preset }: Fault): FaultRule {
  return {
    id,
    match,
    effect,
    enabled,
    seed,
    ...(ttlMs !== null && ttlMs >= 1 ? { ttlMs } : {}),
    ...(note === null ? {} : { note }),
    ...(preset === null ? {} : { preset }),
  };
}

/** The filter that finds the operations a rule is about, as far as filters can say it. */
export function filterOf({ mount, match }: Pick<Fault, 'mount' | 'match'>): string {
  const { op, path } = match;
  return [
    term('mount', mount),
    op ? `op:${op.join(',')}` : '',
    // Both are globs of one language; one that would need quotes is left out.
    path !== undefined && /^[^\s"\\]+$/.test(path) ? `path:${path}` : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}
