// The `fusescope` command as commander has it. Each command is one entry of COMMANDS; this file only joins them.
import { Command } from 'commander';
import { VERSION } from '../version.ts';
import { attachCommand, detachCommand } from './attach.ts';
import { auditCommand } from './audit.ts';
import { doctorCommand } from './doctor.ts';
import { errorsCommand } from './errors.ts';
import { exportCommand } from './export.ts';
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

/** Every command, its actions included; usage errors are thrown as CommanderError. */
export function buildProgram(): Command {
  const program = new Command('fusescope')
    .description('Shows live, in a browser, what every FUSE mount on this machine is doing.')
    .version(VERSION)
    .showHelpAfterError('(fusescope --help lists the commands)')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'fusescope: ')) });
  for (const build of COMMANDS) program.addCommand(inherit(build(), program));
  return program;
}

/** Subcommands do not inherit these settings by themselves when they are built apart. */
function inherit(command: Command, from: Command): Command {
  command.copyInheritedSettings(from);
  for (const one of command.commands) inherit(one, command);
  return command;
}
