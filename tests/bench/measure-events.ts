// The log of a hundred thousand events: looking something up, coming back to it, reading all of it.
import { writeFileSync } from 'node:fs';
import { openDatabase } from '../../daemon/store/database.ts';
import { boundLimit } from '../../daemon/store/tables/rows.ts';
import { seqOf } from '../helpers/event-flow.ts';
import type { Benchmark } from './benchmark.ts';
import type { Ground } from './ground.ts';
import type { LineClient } from './line-client.ts';
import { compared } from './rows.ts';
import { timed } from './samples.ts';

interface Row {
  readonly seq: number;
  readonly body: string;
}

const pageRows = 100;
/** Of a sample. The first thousands of calls of a daemon run code that is not compiled yet and cost twice as much; these are few of all. */
const lookUps = 200;
const replayed = 20_000;
const exported = 20_000;

interface Log {
  readonly client: LineClient;
  readonly epoch: string;
  readonly lastSeq: number;
  page(after: number, limit: number): Row[];
  close(): void;
}

/** The log as a client sees it, and as it stands in the database. */
async function openLog(ground: Ground): Promise<Log> {
  const client = await ground.lines('daemon');
  const { cursor } = await client.call<{ cursor: string }>('daemon.hello', { protocolVersion: 1 });
  const db = openDatabase(ground.daemon.databasePath);
  const select = db.prepare<[number, number], Row>(`SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ${boundLimit}`);
  return {
    client,
    epoch: cursor.slice(0, cursor.indexOf(':')),
    lastSeq: seqOf(cursor),
    page: (after, limit) => select.all(after, limit),
    close() {
      client.close();
      db.close();
    },
  };
}

/** A hundred events since a position, the positions far apart; raw: select, parse, stringify, and no socket. */
export const historyQuery: Benchmark = {
  name: 'history.query',
  priority: 'P1',
  cores: 'one',
  async open(ground) {
    const { client, epoch, lastSeq, page, close } = await openLog(ground);
    // Of the newer part: what other rows have added may take the oldest out of the log at any time.
    const span = Math.floor(ground.history * 0.7);
    const positions = Array.from({ length: lookUps }, (_, index) => lastSeq - pageRows - ((index * 79_193) % span));
    const each = (look: (position: number) => Promise<number> | number) => ({
      async sample(): Promise<number> {
        const ms = await timed(async () => {
          for (const position of positions) if ((await look(position)) !== pageRows) throw new Error('a page was not full');
        });
        return (ms * 1_000) / lookUps;
      },
    });
    return {
      turns: {
        ours: each(async (position) => {
          const { events } = await client.call<{ events: unknown[] }>('event.list', { after: `${epoch}:${position}`, limit: pageRows });
          return events.length;
        }),
        raw: each((position) => {
          const events = page(position, pageRows).map(({ seq, body }) => ({ seq, ...(JSON.parse(body) as object) }));
          return (JSON.parse(JSON.stringify({ events })) as { events: unknown[] }).events.length;
        }),
      },
      rows({ samples: { ours = [], raw = [] }, failures }) {
        const name = `history.query (${pageRows} events of ${ground.history})`;
        const target = { must: 1, aim: 0.5 };
        return [compared({ name, raw: 'select + parse + stringify, no socket', unit: 'µs', kind: 'time', failures, target }, ours, raw)];
      },
      close: async () => close(),
    };
  },
};

/** A client that comes back and takes what it missed; raw: the same rows as lines. */
export const subscriberReplay: Benchmark = {
  name: 'subscriber.replay',
  priority: 'P1',
  cores: 'apart',
  async open(ground) {
    const [log, raw] = [await openLog(ground), await ground.lines('raw')];
    const { client, epoch } = log;
    const end = `"seq":${log.lastSeq},`;
    const from = log.lastSeq - replayed;
    let subscriptionId = '';
    const until = (side: LineClient, begin: () => void): Promise<number> => {
      const arrived = side.next((line) => line.includes(end));
      return timed(async () => {
        begin();
        await arrived;
      }).then((ms) => (ms * 1_000) / replayed);
    };
    return {
      turns: {
        ours: {
          async sample(): Promise<number> {
            let answer: Promise<{ subscriptionId: string }> | undefined;
            const us = await until(client, () => {
              answer = client.call('event.subscribe', { after: `${epoch}:${from}` });
            });
            ({ subscriptionId } = (await answer) ?? { subscriptionId });
            return us;
          },
          undo: async () => void (await client.call('event.unsubscribe', { subscriptionId })),
        },
        raw: { sample: () => until(raw, () => raw.send(`replay ${from}`)) },
      },
      rows({ samples: { ours = [], raw: lines = [] }, failures }) {
        const name = `subscriber.replay (an event of ${replayed})`;
        return [compared({ name, raw: 'select a page, write lines', unit: 'µs', kind: 'time', failures }, ours, lines)];
      },
      async close() {
        log.close();
        raw.close();
      },
    };
  },
};

/** The log into a file, page by page as `coppice events` reads it; raw: select and write. */
export const exportLog: Benchmark = {
  name: 'export',
  priority: 'P2',
  async open(ground) {
    const { client, epoch, lastSeq, page, close } = await openLog(ground);
    const path = ground.daemon.path('export.jsonl');
    const from = lastSeq - exported;
    const ours = async (): Promise<void> => {
      const lines: string[] = [];
      let cursor = `${epoch}:${from}`;
      while (lines.length < exported) {
        const answer = await client.call<{ events: unknown[]; cursor: string }>('event.list', { after: cursor, limit: 200 });
        if (answer.events.length === 0) throw new Error('the log ended before its end');
        for (const event of answer.events) lines.push(JSON.stringify(event));
        ({ cursor } = answer);
      }
      writeFileSync(path, lines.join('\n'));
    };
    const raw = async (): Promise<void> => {
      const lines = page(from, exported).map(({ seq, body }) => `{"seq":${seq},${body.slice(1)}`);
      writeFileSync(path, lines.join('\n'));
    };
    return {
      turns: { ours: { sample: () => timed(ours) }, raw: { sample: () => timed(raw) } },
      rows({ samples, failures }) {
        const name = `export (${exported} events)`;
        return [compared({ name, raw: 'select + write', unit: 'ms', kind: 'time', failures }, samples.ours ?? [], samples.raw ?? [])];
      },
      close: async () => close(),
    };
  },
};
