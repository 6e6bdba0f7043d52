// Rounds of the same work on several directories in turn, so that what else the machine does falls on all of them.
import { run } from '../support/mirror.ts';

const CLIENT = new URL('mount-client.ts', import.meta.url).pathname;

/** Calls a second of each kind of work (mount-client.ts), by directory, a figure a round. @param dirs by their names */
export async function rounds<Work extends string>(
  dirs: Readonly<Record<string, string>>,
  count: number,
  seconds: string,
): Promise<Record<string, Record<Work, number>[]>> {
  const rates: Record<string, Record<Work, number>[]> = {};
  for (let round = 0; round < count; round++) {
    for (const [name, dir] of Object.entries(dirs)) {
      const { stdout, stderr } = await run('taskset', ['-c', '0', process.execPath, CLIENT, dir, seconds]);
      if (stderr !== '') throw new Error(`${name}: ${stderr}`);
      rates[name] ??= [];
      rates[name].push(JSON.parse(stdout) as Record<Work, number>);
    }
  }
  return rates;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
