import { spawn } from 'node:child_process';

/** Kills the guarded processes should this one die without doing it itself. */
export interface Watchdog {
  guard(pid: number): void;
  release(pid: number): void;
  /** Ends the watchdog, and with it all that is still guarded. */
  close(): Promise<void>;
}

/** Keeps the list of pids that it reads; when its input ends, the writer is gone and the list is killed. */
const SCRIPT = `
trap '' INT TERM HUP
guarded=' '
while read -r verb pid; do
  case $verb in
    guard) guarded="$guarded$pid " ;;
    release) case $guarded in *" $pid "*) guarded="\${guarded%%" $pid "*} \${guarded#*" $pid "}" ;; esac ;;
  esac
done
for pid in $guarded; do kill -9 "$pid" 2>/dev/null; done
`;

/**
 * A frozen process cannot see that its parent is gone, and a parent that was killed with SIGKILL cannot end its children. So a
 * tiny shell of its own session, out of reach of the terminal's Ctrl-C, holds a pipe to us and acts when it breaks.
 */
export function startWatchdog(): Watchdog {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    shell.once('error', () => resolve());
  });
  shell.stdin.on('error', () => undefined);
  return {
    guard: (pid) => void shell.stdin.write(`guard ${pid}\n`),
    release: (pid) => void shell.stdin.write(`release ${pid}\n`),
    close: async () => {
      shell.stdin.end();
      await ended;
    },
  };
}
