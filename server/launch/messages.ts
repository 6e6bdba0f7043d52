// What server and launcher tell each other.
import type { Stdio } from './launch.ts';

export type ToLauncher =
  | {
      do: 'launch';
      id: number;
      program: string;
      args: readonly string[];
      env: NodeJS.ProcessEnv | null;
      stdio: Stdio;
      /** Where its pipes are to be connected to, and what shows that they may be. */
      path: string;
      token: string;
    }
  | { do: 'kill'; id: number; signal: NodeJS.Signals };

export type FromLauncher =
  | { id: number; pid: number }
  | { id: number; failed: { code: string | undefined; message: string } }
  | { id: number; ended: { code: number | null; signal: NodeJS.Signals | null } };
