// Faults on the ingest socket: what the server asks of a mirror (CONTROL), and what the mirror tells (FAULTS) when it
// has done it, when counters have changed, and to every new server.
import Type, { type Static } from 'typebox';
import { FaultRuleSchema, FaultStateSchema } from '../fault.ts';
import { nullable } from '../nullable.ts';

const id = Type.String({ maxLength: 63 });
const number = Type.Integer({ minimum: 1 });

export const ControlSchema = Type.Union([
  Type.Object({ request: number, do: Type.Literal('put'), rule: FaultRuleSchema }),
  Type.Object({ request: number, do: Type.Literal('switch'), id, on: Type.Boolean() }),
  Type.Object({ request: number, do: Type.Literal('remove'), id }),
  Type.Object({ request: number, do: Type.Literal('clear') }),
  Type.Object({ request: number, do: Type.Literal('release'), id: nullable(id) }),
]);
/** `put` replaces the rule of that id and keeps its counters. `release` with id null: of all rules. */
export type Control = Static<typeof ControlSchema>;

export const FaultsFrameSchema = Type.Object({
  index: Type.Integer({ minimum: 0, maximum: 0xffff }),
  rules: Type.Array(FaultStateSchema),
  /** The requests answered since the last frame: how many rules or operations each one touched, or why it was refused. */
  answers: Type.Array(
    Type.Object({ request: number, touched: Type.Integer(), error: nullable(Type.String()) }),
  ),
});
export type WireFaults = Static<typeof FaultsFrameSchema>;
