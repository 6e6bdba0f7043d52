// Runs the `fusescope` command; errors become one sentence on stderr and an exit status: 2 for usage, 1 for failure.
import { CommanderError } from 'commander';
import { CliError } from './failure.ts';
import { buildProgram } from './program.ts';

try {
  await buildProgram().parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
}

function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CliError) {
    process.stderr.write(`fusescope: ${error.message}\n`);
    return error.status;
  }
  process.stderr.write(`fusescope: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}
