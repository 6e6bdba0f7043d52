// A file of rules, for `fusescope mount --faults FILE`: JSON, {"rules": [...]}, each as the interface takes them.
import { readFileSync } from 'node:fs';
import { Compile } from 'typebox/compile';
import { FaultFileSchema, type FaultRule, faultProblem } from '../../shared/fault.ts';
import { errnoOf, Failure, messageOf } from '../mirror/failure.ts';

/** @throws Failure saying which rule is wrong, and how. */
export function readFaultFile(file: string): FaultRule[] {
  const what = `cannot use the faults in ${file}`;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(what, errnoOf(error), 'Check the path');
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Failure(what, `it is not JSON: ${messageOf(error)}`, 'Correct it there');
  }
  const checker = Compile(FaultFileSchema);
  if (!checker.Check(parsed)) {
    const [first] = checker.Errors(parsed);
    const place = first?.instancePath === '' ? 'the file' : `${first?.instancePath}`;
    throw new Failure(
      what,
      `${place} ${first?.message ?? 'is not valid'}`,
      'See fusescope faults add --help',
    );
  }
  const { rules } = parsed as { rules: FaultRule[] };
  const ids = rules.map((rule) => rule.id).filter((id) => id !== undefined);
  rules.forEach((rule, at) => {
    const twice = rule.id !== undefined && ids.indexOf(rule.id) !== ids.lastIndexOf(rule.id);
    const problem = twice ? `the id ${rule.id} is there twice` : faultProblem(rule);
    if (problem !== null) throw new Failure(what, `/rules/${at}: ${problem}`, 'Correct it there');
  });
  return rules;
}
