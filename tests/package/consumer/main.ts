// A program of somebody who has installed the package: it starts the daemon, runs a command and follows it to its end.
import { type Client, type ClientEvent, connect, isFailure, type StreamItem } from 'coppice/client';
import { type Session, SessionStatus } from 'coppice/schemas';

await using client: Client = await connect({ autoStart: true, clientName: 'consumer' });
const project = await client.project.add({ path: process.argv[2] ?? '' });
const started: Session = await client.session.start({ project: project.id, command: 'hello' });

let finished: ClientEvent | undefined;
const items: AsyncIterable<StreamItem> = client.events({ after: client.hello.cursor, subject: { sessionId: started.id } });
for await (const item of items) {
  if (item.type !== 'session.finished') continue;
  finished = item;
  break;
}
const session = await client.session.get({ id: started.id });
const { data: text } = await client.session.readOutput({ id: session.id, step: 1 });

// @ts-expect-error The types know that a session is started by a command.
const refused: unknown = await client.session.start({ project: project.id }).catch((error: unknown) => error);
process.stdout.write(
  JSON.stringify({
    daemon: client.hello.daemon,
    ...{ status: SessionStatus.parse(session.status), text, event: finished?.type, refused: isFailure(refused) && refused.kind },
  }),
);
await client.daemon.stop({});
