// The agent host as a program: `node main.js --dir DIR`. It runs in a pane, owns the agents of one spec task, and outlives daemons.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageVersion } from '../../../rpc/package-info.ts';
import { connectUnix } from '../../../rpc/unix-socket.ts';
import { systemClock } from '../../kernel/clock.ts';
import { keepHeapSmall } from '../../kernel/heap.ts';
import { socketFile } from './protocol.ts';
import { createAgentHost } from './server.ts';

const { values } = parseArgs({ options: { dir: { type: 'string' } } });
if (values.dir === undefined) {
  process.stderr.write('An agent host needs its directory: --dir DIR.\n');
  process.exit(2);
}
// A second host on one directory would take the socket of the first, which has the agents.
const other = await connectUnix(join(values.dir, socketFile), { timeoutMs: 2_000 }).catch(() => undefined);
if (other) {
  process.stderr.write(`An agent host runs on "${values.dir}" already: end it first.\n`);
  process.exit(1);
}
keepHeapSmall();
// A pane that is gone is no reason to end; its signal is.
process.stdout.on('error', () => undefined);
const host = createAgentHost({
  dir: values.dir,
  version: packageVersion(),
  now: () => systemClock.now(),
  print: (text) => void process.stdout.write(text),
});
const stop = (): void => {
  void host.stop().then(() => process.exit(0));
};
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
void host.stopRequested.then(stop);
await host.start();
