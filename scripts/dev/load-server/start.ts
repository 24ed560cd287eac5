import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { withPriority } from '../../../harness/base/process-priority.ts';
import type { Answer, Command, Reply } from './protocol.ts';

/** An outage measured by the server, on the clock of process.hrtime. */
export interface Break {
  fromNs: bigint;
  toNs: bigint;
}

/** The running server of ./program.ts. */
export interface LoadServer extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
  readonly pid: number | undefined;
  /** Makes the server answer in this order, repeatedly, and count from zero. */
  script(answers: Answer[]): Promise<void>;
  /** Makes the server fail for a time, and resolves when it answers again. */
  break(how: 'reset' | 'hang', forMs: number): Promise<Break>;
  count(): Promise<{ requests: number; connections: number }>;
}

type Did<D extends Reply['did']> = Extract<Reply, { did: D }>;

/** Starts the server. It ends when it is disposed, or with this process. */
export async function startLoadServer(): Promise<LoadServer> {
  // With the priority of k6: a late answer of this server would look like an outage.
  const program = [process.execPath, join(import.meta.dirname, 'program.ts')];
  const child = spawn(...withPriority(program), {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const waiting = new Map<string, (reply: Reply) => void>();
  const answered = <D extends Reply['did']>(did: D): Promise<Did<D>> =>
    new Promise((resolve, reject) => {
      waiting.set(did, (reply) => resolve(reply as Did<D>));
      child.once('exit', (code) => reject(new Error(`The load server exited with ${code}.`)));
    });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const reply = JSON.parse(line) as Reply;
    waiting.get(reply.did)?.(reply);
  });
  const tell = <D extends Command['do']>(command: Command & { do: D }): Promise<Did<D>> => {
    const reply = answered<D>(command.do);
    child.stdin.write(`${JSON.stringify(command)}\n`);
    return reply;
  };
  child.setMaxListeners(0);
  const { port } = await answered('listen');
  return {
    origin: `http://127.0.0.1:${port}`,
    pid: child.pid,
    script: async (answers) => void (await tell({ do: 'script', answers })),
    break: async (how, forMs) => {
      const { fromNs, toNs } = await tell({ do: 'break', how, forMs });
      return { fromNs: BigInt(fromNs), toNs: BigInt(toNs) };
    },
    count: async () => tell({ do: 'count' }),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
