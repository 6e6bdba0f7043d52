// What documents say of the commands, held against the commands themselves. None is run.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../server/cli/program.ts';

/** All commands and those below them, the innermost only, each with its words. */
function leaves(command: Command, words: string[] = []): { words: string[]; command: Command }[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.flatMap((one) => leaves(one, [...words, one.name()]));
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

/** The words of a line of a shell, without its comment; no expansion. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  const comment = words.findIndex((word) => word.startsWith('#'));
  return words.slice(0, comment < 0 ? undefined : comment).map((word) => word.replaceAll(/['"]/g, ''));
}

/** Why the command line is refused, or null. */
async function refusal(words: string[]): Promise<string | null> {
  const program = buildProgram();
  program.configureOutput({ writeErr: () => {} });
  for (const { command } of leaves(program)) command.configureOutput({ writeErr: () => {} }).action(() => {});
  try {
    await program.parseAsync(words, { from: 'user' });
    return null;
  } catch (error) {
    return `${words.join(' ')}: ${(error as Error).message}`;
  }
}

describe('the command line', () => {
  it('shows with each command an example, which that command takes', async () => {
    const all = leaves(buildProgram());
    expect(all.length).toBeGreaterThan(40);
    for (const { words, command } of all) {
      const example = /^Example: fusescope (.*)$/m.exec(helpOf(command))?.[1] ?? '';
      expect(`${example} `, `the example of ${words.join(' ')}`).toContain(`${words.join(' ')} `);
      expect(await refusal(wordsOf(example))).toBeNull();
    }
    expect(await refusal(wordsOf("faults add /mnt --op 'read' --nonsense 1 # no"))).toContain('--nonsense');
  });

  it('takes what the README prints', async () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const lines = [...readme.matchAll(/^ {4}(?:sudo )?npx fusescope (.*)$/gm)].map(([, line = '']) => line);
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) expect(await refusal(wordsOf(line))).toBeNull();
  });
});
