// The `fusescope` command. Each command is one entry of COMMANDS; this file only joins them, and turns errors into
// one sentence on stderr and an exit status: 2 for usage, 1 for failure.
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.ts';
import { attachCommand, detachCommand } from './attach.ts';
import { auditCommand } from './audit.ts';
import { doctorCommand } from './doctor.ts';
import { errorsCommand } from './errors.ts';
import { exportCommand } from './export.ts';
import { CliError } from './failure.ts';
import { faultsCommand } from './faults.ts';
import { historyCommand } from './history.ts';
import { importCommand } from './import.ts';
import { latencyCommand } from './latency.ts';
import { mountCommand } from './mount.ts';
import { mountsCommand } from './mounts.ts';
import { probeCommand } from './probe.ts';
import { recordCommand } from './record.ts';
import { runCommand } from './run.ts';
import { serveCommand } from './serve.ts';
import { stallsCommand } from './stalls.ts';
import { tailCommand } from './tail.ts';
import { tidyCommand } from './tidy.ts';
import { topCommand } from './top.ts';
import { waitCommand } from './wait.ts';
import { abortCommand, continueCommand, releaseCommand, signalCommand, unmountCommand } from './ways.ts';

const COMMANDS = [
  serveCommand,
  mountCommand,
  mountsCommand,
  attachCommand,
  detachCommand,
  stallsCommand,
  abortCommand,
  continueCommand,
  unmountCommand,
  signalCommand,
  releaseCommand,
  auditCommand,
  tailCommand,
  topCommand,
  faultsCommand,
  latencyCommand,
  historyCommand,
  recordCommand,
  errorsCommand,
  exportCommand,
  waitCommand,
  runCommand,
  importCommand,
  probeCommand,
  doctorCommand,
  tidyCommand,
];

const program = new Command('fusescope')
  .description('Shows live, in a browser, what every FUSE mount on this machine is doing.')
  .version(VERSION)
  .showHelpAfterError('(fusescope --help lists the commands)')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'fusescope: ')) });
for (const build of COMMANDS) program.addCommand(inherit(build()));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
}

/** Subcommands do not inherit these settings by themselves when they are built apart. */
function inherit(command: Command, from = program): Command {
  command.copyInheritedSettings(from);
  for (const one of command.commands) inherit(one, command);
  return command;
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
