// "Idle is idle": what a session waits for comes as an event, and all deadlines share one timer.
import { expect, test } from 'vitest';
import { longTestMs } from '../helpers/all-ended.ts';
import { createManyTerminals } from '../helpers/many-terminals.ts';
import { toolMissing } from '../helpers/tool-missing.ts';
import { until } from '../helpers/until.ts';
import { openInspector } from '../soak/inspector.ts';

const few = 10;
const many = 300;

test.skipIf(toolMissing('tmux', ['-V']))(
  'three hundred sessions with terminals have no more timers than ten',
  async () => {
    await using sessions = await createManyTerminals({
      after: 'exit "$word"',
      beside: true,
      env: { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' },
    });
    const { client, pid } = sessions.daemon;
    await using inspector = await openInspector(pid);
    const loopTimers = async (): Promise<number> => (await client.daemon.metrics()).gauges['active_resources.Timeout'] ?? 0;

    await sessions.open(few);
    // What is done once, soon after a start, may still be waited for.
    const [timers, resources] = [await inspector.activeTimers(), await loopTimers()];
    expect(timers).toBeGreaterThan(0);
    await sessions.open(many - few);

    const { counts } = await client.daemon.status();
    expect(counts).toMatchObject({ terminals: many, sessionsByStatus: { running: many } });
    await until('the timers of the starts to be over', async () => (await inspector.activeTimers()) <= timers);
    await until('those that keep the loop to be over', async () => (await loopTimers()) <= resources);
  },
  longTestMs,
);
