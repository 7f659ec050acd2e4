// Threads of the fake agent on a host of a test.
import { join } from 'node:path';
import type { TestHost } from './agent-host.ts';
import { packageRoot } from './package-root.ts';

const fakeAgent = join(packageRoot, 'tests', 'helpers', 'fake-agent.mjs');

export interface FakeThread {
  readonly env?: Record<string, string>;
  readonly externalId?: string;
  readonly threadId?: string;
  readonly argv?: string[];
  readonly mode?: string;
}

/** Asks the host to open a thread ("t" unless told) with the fake agent; what comes of it is an event. */
export function openFake(host: TestHost, { env = {}, threadId = 't', argv, ...rest }: FakeThread = {}): Promise<unknown> {
  return host.client.call('open', {
    threadId,
    generation: 1,
    argv: argv ?? [process.execPath, fakeAgent],
    cwd: host.dir,
    env: { PATH: process.env.PATH ?? '', ...env },
    ...rest,
  });
}

/** A turn of the thread "t" that does these orders. */
export function order(host: TestHost, promptId: string, ...lines: string[]): Promise<{ known: boolean }> {
  return host.client.call('prompt', { threadId: 't', promptId, content: `${promptId}\n\`\`\`script\n${lines.join('\n')}\n\`\`\`\n` });
}
