import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createPlace, type Place } from './tools-fixture.ts';

function exits(place: Place, id: string): void {
  writeFileSync(place.path(`steps/${id}.exit.tmp`), 'exit 0');
  renameSync(place.path(`steps/${id}.exit.tmp`), place.path(`steps/${id}.exit`));
}

describe('waiting for exits', () => {
  test('each waiter of a step is told, whether it came before or after', async () => {
    await using place = createPlace();
    const both = [place.watch.wait('a'), place.watch.wait('a')];
    const other = place.watch.wait('b').then(() => 'b');
    exits(place, 'a');
    await Promise.all(both);
    await place.watch.wait('a');
    expect(await Promise.race([other, Promise.resolve('not yet')])).toBe('not yet');
    exits(place, 'b');
    expect(await other).toBe('b');
  });

  test('an unlink is not an exit', async () => {
    await using place = createPlace();
    exits(place, 'gone');
    await place.watch.wait('gone');
    rmSync(place.path('steps/gone.exit'));
    const again = place.watch.wait('gone').then(() => 'told');
    exits(place, 'marker');
    await place.watch.wait('marker');
    expect(await Promise.race([again, Promise.resolve('waiting')])).toBe('waiting');
    exits(place, 'gone');
    expect(await again).toBe('told');
  });

  test('a flood past the queue of the kernel loses none', async () => {
    await using place = createPlace();
    const waits = Array.from({ length: 200 }, (_, i) => place.watch.wait(`late${i}`));
    // Synchronous, so that nothing reads the queue meanwhile.
    for (let i = 0; i < 9_000; i++) exits(place, `noise${i % 50}`);
    for (let i = 0; i < 200; i++) exits(place, `late${i}`);
    await Promise.all(waits);
  });

  test('a wait ends with its signal and with the watch', async () => {
    await using place = createPlace();
    const cancel = new AbortController();
    const cancelled = place.watch.wait('x', cancel.signal);
    const closed = place.watch.wait('x');
    cancel.abort();
    await expect(cancelled).rejects.toMatchObject({ kind: 'CANCELLED' });
    place.watch.close();
    await expect(closed).rejects.toMatchObject({ kind: 'SHUTTING_DOWN' });
    await expect(place.watch.wait('x')).rejects.toMatchObject({ kind: 'SHUTTING_DOWN' });
  });
});
