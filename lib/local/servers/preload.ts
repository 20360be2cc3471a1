/**
 * Loaded (`--import`) into every server process before the server itself. The servers are other people's programs; this makes them
 * - listen on loopback alone: server-everything takes a port but no host, and would listen on every interface;
 * - tell their parent, by IPC, when they listen: nothing has to ask again and again, and no stranger's port is taken for theirs;
 * - end with their parent, and with them what they started, even where it was killed: then the IPC channel breaks.
 */
import { Server } from 'node:net';

const LOOPBACK = '127.0.0.1';
const listen: Server['listen'] = Reflect.get(Server.prototype, 'listen');

/** Node's own `listen`, whatever form its arguments have: (port, …, callback), ({ port, … }, callback), or a path, which is left. */
function listenOnLoopback(this: Server, ...args: unknown[]): unknown {
  const [first] = args;
  this.once('listening', () => process.send?.('listening'));
  if (typeof first === 'object' && first !== null && 'port' in first) {
    return Reflect.apply(listen, this, [{ ...first, host: LOOPBACK }, ...args.slice(1)]);
  }
  if (typeof first !== 'number' && !(typeof first === 'string' && /^\d+$/.test(first))) {
    return Reflect.apply(listen, this, args);
  }
  const callbacks = args.filter((argument) => typeof argument === 'function');
  return Reflect.apply(listen, this, [{ port: Number(first), host: LOOPBACK }, ...callbacks]);
}

Object.assign(Server.prototype, { listen: listenOnLoopback });

/** The parent made this process the leader of a group of its own. */
const endGroup = (): void => void process.kill(-process.pid, 'SIGKILL');

// Loading this took a moment, in which the parent may have gone.
if (!process.connected) endGroup();
process.once('disconnect', endGroup);
// A listener holds the process up; a server that has nothing more to do must end by itself.
process.channel?.unref();
