// The lines of the server on the collector's standard input.
import type { OpenQuestion } from '../../shared/open-request.ts';
import { NOTHING, type Policy } from './policy.ts';

/** What a line says; empty where it is none of ours. */
export interface Line {
  policy?: Policy;
  question?: OpenQuestion;
}

/** Empty for a line that is neither. */
export function parseLine(line: string): Line {
  let said: Partial<OpenQuestion> & { policy?: Partial<Policy> };
  try {
    said = JSON.parse(line);
  } catch {
    return {};
  }
  if (said.policy) return { policy: { ...NOTHING, ...said.policy } };
  const { ask, connection } = said;
  return ask !== undefined && connection !== undefined ? { question: { ask, connection } } : {};
}
