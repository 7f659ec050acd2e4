// node raw-server.mjs SOCKET DATABASE ANSWERS HISTORY — the raw limit of a daemon: lines in, lines out, as little between them as JavaScript allows.
//   a line that begins with `{` is a call: parsed, answered with the canned result of its method, answers of one chunk in one write
//   `commit …`                   one row is committed to SQLite, then the line goes to the connection that said `subscribe`
//   `replay SEQ`                 the events of the database HISTORY after a position, a page at a time, as lines
//   anything else is echoed
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import Database from 'better-sqlite3';

const [socketPath, databasePath, answersPath, historyPath] = process.argv.slice(2);
const answers = new Map(Object.entries(JSON.parse(readFileSync(answersPath, 'utf8'))));
const database = new Database(databasePath);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = NORMAL');
database.exec('CREATE TABLE event (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT');
const insert = database.prepare('INSERT INTO event (at, body) VALUES (?, ?)');
const page = new Database(historyPath, { readonly: true }).prepare('SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT 200');
let subscriber;

const server = createServer((socket) => {
  let rest = '';
  socket.setEncoding('utf8').on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    let out = '';
    for (const line of lines) out += replyTo(line, socket);
    if (out !== '') socket.write(out);
  });
});

function replyTo(line, socket) {
  if (line.startsWith('{')) {
    const { id, method } = JSON.parse(line);
    return `${JSON.stringify({ jsonrpc: '2.0', id, result: answers.get(method) })}\n`;
  }
  if (line.startsWith('commit ')) {
    insert.run(Date.now(), line);
    subscriber?.write(`${line}\n`);
    return '';
  }
  if (line.startsWith('replay ')) {
    replay(Number(line.slice('replay '.length)), socket);
    return '';
  }
  if (line === 'subscribe') subscriber = socket;
  return `${line}\n`;
}

function replay(after, socket) {
  const rows = page.all(after);
  socket.write(rows.map(({ seq, body }) => `{"seq":${seq},${body.slice(1)}\n`).join(''));
  if (rows.length === 200) setImmediate(replay, rows.at(-1).seq, socket);
}

server.listen(socketPath, () => process.stdout.write('ready\n'));
process.on('SIGTERM', () => process.exit(0));
