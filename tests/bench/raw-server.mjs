// node raw-server.mjs SOCKET DATABASE ANSWERS HISTORY — the raw limit of a daemon: lines in, lines out, as little between them as JavaScript allows.
//   a line that begins with `{` is a call: parsed, answered with the canned result of its method, answers of one chunk in one write
//   `commit …`                   one row is committed to SQLite, then the line goes to the connection that said `subscribe`
//   `replay SEQ`                 the events of the database HISTORY after a position, a page at a time, as lines
//   `burst COUNT`                COUNT events: each is committed, then serialised and written for each connection that said `subscribe`
//   `websocket`                  answers `websocket PORT`: a bare server there answers calls in the same way
//   anything else is echoed
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import Database from 'better-sqlite3';
import { WebSocketServer } from 'ws';

const [socketPath, databasePath, answersPath, historyPath] = process.argv.slice(2);
const answers = new Map(Object.entries(JSON.parse(readFileSync(answersPath, 'utf8'))));
const database = new Database(databasePath);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = NORMAL');
database.exec('CREATE TABLE event (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT');
const insert = database.prepare('INSERT INTO event (at, body) VALUES (?, ?)');
const page = new Database(historyPath, { readonly: true }).prepare('SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT 200');
const subscribers = new Set();

const server = createServer((socket) => {
  let rest = '';
  socket.setEncoding('utf8').on('error', () => socket.destroy());
  socket.on('close', () => subscribers.delete(socket));
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
    return `${answerTo(line)}\n`;
  }
  if (line.startsWith('commit ')) {
    insert.run(Date.now(), line);
    for (const subscriber of subscribers) subscriber.write(`${line}\n`);
    return '';
  }
  if (line.startsWith('replay ')) {
    replay(Number(line.slice('replay '.length)), socket);
    return '';
  }
  if (line.startsWith('burst ')) {
    burst(Number(line.slice('burst '.length)));
    return '';
  }
  if (line === 'websocket') {
    serveWebSocket(socket);
    return '';
  }
  if (line === 'subscribe') subscribers.add(socket);
  return `${line}\n`;
}

function answerTo(text) {
  const { id, method } = JSON.parse(text);
  return JSON.stringify({ jsonrpc: '2.0', id, result: answers.get(method) });
}

function burst(count) {
  for (let index = 0; index < count; index += 1) {
    const data = { tokenId: 'tok_00000000000000000000000000', name: `bench^${index}`, scopes: ['read'] };
    const event = { seq: index, at: new Date().toISOString(), type: 'auth.tokenCreated', subject: {}, actor: 'owner', data };
    insert.run(Date.now(), JSON.stringify(event));
    const params = { subscriptionId: 'sub_00000000000000000000000000', cursor: `epoch:${index}`, events: [event] };
    for (const subscriber of subscribers) subscriber.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'event', params })}\n`);
  }
}

function serveWebSocket(asked) {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  sockets.on('connection', (socket) => socket.on('message', (text) => socket.send(answerTo(text.toString()))));
  sockets.on('listening', () => asked.write(`websocket ${sockets.address().port}\n`));
}

function replay(after, socket) {
  const rows = page.all(after);
  socket.write(rows.map(({ seq, body }) => `{"seq":${seq},${body.slice(1)}\n`).join(''));
  if (rows.length === 200) setImmediate(replay, rows.at(-1).seq, socket);
}

server.listen(socketPath, () => process.stdout.write('ready\n'));
process.on('SIGTERM', () => process.exit(0));
