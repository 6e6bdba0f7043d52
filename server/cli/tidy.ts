// fusescope tidy: takes away what a server left mounted that was killed with all its processes. Asks no server.
import { spawn } from 'node:child_process';
import { Command } from 'commander';
import { program } from '../setup/paths.ts';

export function tidyCommand(): Command {
  return new Command('tidy')
    .description('Unmount mirrors whose process is gone. Living ones are left alone.')
    .addHelpText('after', '\nExample: fusescope tidy')
    .action(async () => {
      const child = spawn(process.execPath, [program('fuse/mirror/tidy')], { stdio: 'inherit', cwd: '/' });
      process.exitCode = await new Promise<number>((done) => {
        child.once('close', (code) => done(code ?? 1));
      });
    });
}
