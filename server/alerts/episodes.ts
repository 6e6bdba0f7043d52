// From stalls to alerts without a storm: all stalls of one cause on one mount are one episode, told when it begins and,
// with counts, when nothing of it has hung for a while. Pure: stalls and time come in, messages go out.
import { randomUUID } from 'node:crypto';
import type { AlertMessage } from '../../shared/alerts.ts';
import type { Stall } from '../../shared/stall.ts';
import { formatAge } from '../../shared/units.ts';
import { type AlertRule, matches } from './rules.ts';

const MAX_EPISODES = 1_000;
const MAX_PROCESSES = 50;

interface Episode {
  id: string;
  rule: AlertRule;
  kind: string;
  /** The first of them. */
  lead: Stall;
  open: Map<number, Stall>;
  stalls: number;
  longestMs: number;
  processes: Map<string, AlertMessage['processes'][number]>;
  /** Since when nothing of it is open; null while something is. */
  emptyUs: number | null;
}

export class Episodes {
  readonly #host: string;
  readonly #tell: (rule: AlertRule, message: AlertMessage) => void;
  readonly #episodes = new Map<string, Episode>();
  /** Episodes that an open stall was counted to, by rule and stall. */
  readonly #taken = new Map<string, Episode>();
  #rules: readonly AlertRule[] = [];

  constructor(host: string, tell: (rule: AlertRule, message: AlertMessage) => void) {
    this.#host = host;
    this.#tell = tell;
  }

  /** New rules begin anew: what is open is told again where it matches. */
  set rules(rules: readonly AlertRule[]) {
    this.#rules = rules;
    this.#episodes.clear();
    this.#taken.clear();
  }

  active() {
    return [...this.#episodes.values()].map(({ rule, kind, lead, stalls, open }) => ({
      rule: rule.config.name,
      mount: lead.span.mount,
      kind,
      sinceUs: lead.span.startUs,
      stalls,
      open: open.size,
    }));
  }

  /** Looks at the stalls that are open; wants to be called a few times a second. */
  look(open: readonly Stall[], nowUs: number): void {
    for (const rule of this.#rules) for (const stall of open) this.#take(rule, stall, nowUs);
    for (const [key, episode] of this.#episodes) {
      if (episode.emptyUs === null || (nowUs - episode.emptyUs) / 1e3 < episode.rule.quietMs) continue;
      this.#episodes.delete(key);
      this.#tell(episode.rule, this.#message('closed', episode, nowUs));
    }
  }

  /** A stall has ended. */
  closed(stall: Stall, nowUs: number): void {
    for (const rule of this.#rules) {
      this.#take(rule, stall, nowUs);
      const key = takenKey(rule, stall);
      const episode = this.#taken.get(key);
      if (!episode) continue;
      this.#taken.delete(key);
      episode.open.delete(stall.id);
      episode.longestMs = Math.max(episode.longestMs, stall.ageMs);
      if (episode.lead.id === stall.id) episode.lead = stall;
      if (episode.open.size === 0) episode.emptyUs = nowUs;
    }
  }

  #take(rule: AlertRule, stall: Stall, nowUs: number): void {
    if (this.#taken.has(takenKey(rule, stall)) || !matches(rule, stall, nowUs)) return;
    const kind = stall.cause?.kind ?? 'unknown';
    const key = JSON.stringify([rule.config.name, stall.span.mountId, kind]);
    const known = this.#episodes.get(key);
    if (!known && this.#episodes.size >= MAX_EPISODES) return;
    const episode = known ?? begin(rule, kind, stall);
    this.#episodes.set(key, episode);
    this.#taken.set(takenKey(rule, stall), episode);
    count(episode, stall);
    if (!known) this.#tell(rule, this.#message('raised', episode, nowUs));
  }

  #message(event: AlertMessage['event'], episode: Episode, nowUs: number): AlertMessage {
    const { lead, rule, stalls, open } = episode;
    const longestMs = Math.max(episode.longestMs, ...[...open.values()].map((stall) => stall.ageMs));
    const { caller: _caller, daemon: _daemon, ...stall } = lead;
    const message: AlertMessage = {
      v: 1,
      id: episode.id,
      event,
      rule: rule.config.name,
      text: '',
      atUs: nowUs,
      host: this.#host,
      mountId: lead.span.mountId,
      mount: lead.span.mount,
      cause: lead.cause,
      sinceUs: lead.span.startUs,
      stalls,
      open: open.size,
      longestMs,
      processes: [...episode.processes.values()],
      stall: structuredClone(stall),
    };
    message.text = textOf(message);
    return message;
  }
}

function textOf({ event, mount, cause, stall, stalls, longestMs }: AlertMessage): string {
  const why = cause === null ? '' : `: ${cause.text}`;
  if (event === 'raised') {
    const { comm, op, path } = stall.span;
    return `${comm ?? 'A process'} has waited ${formatAge(longestMs).text} for ${op}${path === null ? '' : ` of ${path}`} on ${mount}${why}`;
  }
  const many = stalls === 1 ? '1 operation hung' : `${stalls} operations hung`;
  return `${mount} goes on. ${many}, the longest for ${formatAge(longestMs).text}${why}`;
}

function begin(rule: AlertRule, kind: string, lead: Stall): Episode {
  return {
    id: randomUUID(),
    rule,
    kind,
    lead,
    open: new Map(),
    stalls: 0,
    longestMs: 0,
    processes: new Map(),
    emptyUs: null,
  };
}

function count(episode: Episode, stall: Stall): void {
  episode.stalls++;
  episode.emptyUs = null;
  episode.open.set(stall.id, stall);
  episode.longestMs = Math.max(episode.longestMs, stall.ageMs);
  const { pid, comm } = stall.span;
  const key = `${pid} ${comm}`;
  const process = episode.processes.get(key);
  if (process) process.count++;
  else if (episode.processes.size < MAX_PROCESSES) episode.processes.set(key, { pid, comm, count: 1 });
}

function takenKey(rule: AlertRule, stall: Stall): string {
  return `${stall.id} ${rule.config.name}`;
}
