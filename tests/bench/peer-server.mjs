// node peer-server.mjs vscode-jsonrpc|pm2-axon-rpc SOCKET ANSWERS — a server of a peer's library that answers session.get from a file, as the
// raw server does: what the library costs, and no work behind it.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const [library, socketPath, answersPath] = process.argv.slice(2);
const answer = JSON.parse(readFileSync(answersPath, 'utf8'))['session.get'];
const ready = () => process.stdout.write('ready\n');

if (library === 'vscode-jsonrpc') {
  const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = await import('vscode-jsonrpc/node');
  createServer((socket) => {
    const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
    connection.onRequest('session.get', () => answer);
    connection.listen();
  }).listen(socketPath, ready);
} else {
  const { default: axon } = await import('pm2-axon');
  const { default: rpc } = await import('pm2-axon-rpc');
  const socket = axon.socket('rep');
  new rpc.Server(socket).expose({ 'session.get': (_params, reply) => reply(null, answer) });
  socket.on('bind', ready);
  socket.bind(`unix://${socketPath}`);
}
process.on('SIGTERM', () => process.exit(0));
