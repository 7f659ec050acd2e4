// The agent host as a program: `node main.js --dir DIR`. It runs in a pane, owns the agents of one spec task, and outlives daemons.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../../kernel/clock.ts';
import { createAgentHost } from './server.ts';

const { values } = parseArgs({ options: { dir: { type: 'string' } } });
if (values.dir === undefined) {
  process.stderr.write('An agent host needs its directory: --dir DIR.\n');
  process.exit(2);
}
const { version } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as { version: string };
const host = createAgentHost({ dir: values.dir, version, now: () => systemClock.now(), print: (text) => void process.stdout.write(text) });
const stop = (): void => {
  void host.stop().then(() => process.exit(0));
};
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, stop);
void host.stopRequested.then(stop);
await host.start();
