// Threshold rules as they were stored. What an older or newer version wrote and this one cannot read is left out.
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { ThresholdRule } from '../../shared/stall.ts';
import { ThresholdRuleSchema } from '../../shared/stall.ts';

const checker = Compile(Type.Array(ThresholdRuleSchema));

/** From the store's settings. @returns none where there are none, or of another form. @throws SyntaxError */
export function readThresholds(json: string | undefined): readonly ThresholdRule[] {
  if (json === undefined) return [];
  const value: unknown = JSON.parse(json);
  return checker.Check(value) ? value : [];
}
