// The two ends between a comparison and one version of the daemon: messages over the channel of a child process, one at a time.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Side } from './compare.ts';
import type { Turn } from './samples.ts';

export interface Measurable extends Turn {
  close?(): Promise<void>;
}

/** What can be measured, by name; opened before its first sample. */
export type Benchmarks = Readonly<Record<string, () => Promise<Measurable>>>;

type Request = { readonly ask: 'names' | 'sample' | 'undo' | 'close' } | { readonly ask: 'open'; readonly name: string };
type Answer = { readonly value: unknown } | { readonly error: string };

/** Answers the comparison that started this process, until it goes away. */
export async function serveSide(benchmarks: Benchmarks): Promise<void> {
  let current: Measurable | undefined;
  const answer = async (request: Request): Promise<unknown> => {
    if (request.ask === 'names') return Object.keys(benchmarks);
    if (request.ask === 'open') {
      const open = benchmarks[request.name];
      if (!open) throw new Error(`there is no benchmark "${request.name}"`);
      current = await open();
      return undefined;
    }
    if (!current) throw new Error('no benchmark is open');
    return current[request.ask]?.();
  };
  process.on('message', (request: Request) => {
    answer(request).then(
      (value) => process.send?.({ value } satisfies Answer),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) } satisfies Answer),
    );
  });
  await once(process, 'disconnect');
}

/** Starts `program`, which calls serveSide, in the folder `cwd`. */
export async function startSide(program: string, cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<Side & AsyncDisposable> {
  const child = fork(program, { cwd, env, execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const gone = once(child, 'exit');
  const ask = (request: Request): Promise<unknown> => askChild(child, request);
  const dispose = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    await gone;
  };
  try {
    const names = (await ask({ ask: 'names' })) as string[];
    return {
      names,
      async open(name) {
        await ask({ ask: 'open', name });
        return {
          sample: async () => (await ask({ ask: 'sample' })) as number,
          undo: async () => void (await ask({ ask: 'undo' })),
          close: async () => void (await ask({ ask: 'close' })),
        };
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function askChild(child: ChildProcess, request: Request): Promise<unknown> {
  if (!child.connected) throw new Error('the process that measures has ended');
  const gone = new AbortController();
  const onExit = (): void => gone.abort(new Error('the process that measures has ended'));
  child.once('exit', onExit);
  try {
    child.send(request);
    const [answer] = (await once(child, 'message', { signal: gone.signal })) as [Answer];
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  } catch (error) {
    throw gone.signal.aborted ? gone.signal.reason : error;
  } finally {
    child.off('exit', onExit);
  }
}
