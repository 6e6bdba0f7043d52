// What a command may cost: a JSON file, checked against BudgetSchema, and its comparison with what was done.
import { readFileSync } from 'node:fs';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { opFamily } from '../../shared/ops.ts';
import { formatDuration } from '../../shared/units.ts';
import type { OperationSummary, Summary } from './summary.ts';

const LimitSchema = Type.Object(
  {
    max: Type.Optional(Type.Integer({ minimum: 0, description: 'operations at most' })),
    p99Ms: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    maxMs: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'the slowest' })),
    errors: Type.Optional(Type.Integer({ minimum: 0, description: 'answers with an errno at most' })),
  },
  { additionalProperties: false },
);

export const BudgetSchema = Type.Object(
  {
    version: Type.Literal(1),
    operations: Type.Optional(
      Type.Record(Type.String(), LimitSchema, { description: 'by operation; "*" is all of them together' }),
    ),
    errors: Type.Optional(
      Type.Array(Type.String({ pattern: '^E[A-Z0-9]+$' }), {
        description: 'names of the errnos that may occur; absent: any',
      }),
    ),
    stalls: Type.Optional(Type.Integer({ minimum: 0, description: 'stalls at most' })),
  },
  { additionalProperties: false, $id: 'Budget' },
);
export type Budget = Static<typeof BudgetSchema>;

/** One line of a budget, kept or not. */
export interface Verdict {
  name: string;
  ok: boolean;
  /** What was found, beside what was allowed. */
  text: string;
}

const check = Compile(BudgetSchema);

/** @throws Error with the file, the place in it and what is wrong there. */
export function readBudget(file: string): Budget {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file} is no budget (${(error as Error).message})`);
  }
  if (check.Check(value)) return value;
  const [first] = Value.Errors(BudgetSchema, value);
  throw new Error(`${file} is no budget (${first?.instancePath || '/'}: ${first?.message ?? 'wrong'})`);
}

/** One verdict for each limit, in the order of the file. */
export function judge(summary: Summary, budget: Budget): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const [op, limit] of Object.entries(budget.operations ?? {})) {
    const done = together(summary.operations(), op);
    const add = (
      what: string,
      found: number | null,
      allowed: number | undefined,
      shown: (n: number) => string,
    ) => {
      if (allowed === undefined) return;
      const name = `${op === '*' ? 'all operations' : op} ${what}`;
      const text = `${found === null ? 'none' : shown(found)}, allowed ${shown(allowed)}`;
      verdicts.push({ name, ok: found === null || found <= allowed, text });
    };
    const ms = (value: number) => formatDuration(value * 1e6).text;
    add('count', done.count, limit.max, String);
    add('p99', done.p99Ns === null ? null : done.p99Ns / 1e6, limit.p99Ms, ms);
    add('slowest', done.maxNs === null ? null : done.maxNs / 1e6, limit.maxMs, ms);
    add('errors', done.errors, limit.errors, String);
  }
  if (budget.errors) {
    const allowed = new Set(budget.errors);
    const others = summary.errors().filter(([error]) => !allowed.has(error));
    const text = others.map(([error, count]) => `${count} ${error}`).join(', ');
    verdicts.push({
      name: 'errnos',
      ok: others.length === 0,
      text: `${text || 'no other'}, allowed ${budget.errors.join(', ') || 'none'}`,
    });
  }
  if (budget.stalls !== undefined) {
    const found = summary.stalls.length;
    verdicts.push({ name: 'stalls', ok: found <= budget.stalls, text: `${found}, allowed ${budget.stalls}` });
  }
  return verdicts;
}

/** Of several operations the worst percentile: a bound on that of all. */
function together(
  all: readonly OperationSummary[],
  op: string,
): Omit<OperationSummary, 'op' | 'open' | 'p50Ns'> {
  const family = opFamily(op);
  const found = op === '*' ? all : all.filter((one) => family.includes(one.op));
  const worst = (values: (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  return {
    count: found.reduce((sum, one) => sum + one.count, 0),
    errors: found.reduce((sum, one) => sum + one.errors, 0),
    p99Ns: worst(found.map((one) => one.p99Ns)),
    maxNs: worst(found.map((one) => one.maxNs)),
  };
}
