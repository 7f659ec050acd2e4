// node subscribers.mjs SOCKET COUNT LINE, with a channel to its parent — COUNT connections that say LINE and then only count events.
//   Each event has one `^` in it, so that counting costs next to nothing and it does not matter where a chunk ends.
//   Tells `ready` when each connection got its first answer. A number that comes is how many events each gets next: tells `done` then.
import { connect } from 'node:net';

const [socketPath, count, line] = process.argv.slice(2);
const mark = '^'.charCodeAt(0);
const counts = Array.from({ length: Number(count) }, () => 0);
let [answered, expected, missing] = [0, 0, 0];

for (const index of counts.keys()) {
  const socket = connect(socketPath, () => socket.write(`${line}\n`));
  socket.on('close', () => process.exit(1));
  socket.once('data', () => {
    answered += 1;
    if (answered === counts.length) process.send('ready');
    socket.on('data', (chunk) => {
      const before = counts[index];
      for (let at = chunk.indexOf(mark); at !== -1; at = chunk.indexOf(mark, at + 1)) counts[index] += 1;
      if (before < expected && counts[index] >= expected) arrived();
    });
  });
}

function arrived() {
  missing -= 1;
  if (missing === 0) process.send('done');
}

process.on('message', (more) => {
  expected += more;
  missing = counts.length;
});
process.on('disconnect', () => process.exit(0));
