import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurns } from '../../../daemon/kernel/turns.ts';

test('each goes on in a turn of its own, in the order in which they asked, and what is due meanwhile comes in between', async () => {
  const turn = createTurns();
  const seen: string[] = [];
  const ask = (name: string): Promise<number> => turn().then(() => seen.push(name));
  const all = ['a', 'b', 'c'].map(ask);
  for (let other = 0; other < 4; other += 1) {
    seen.push(`turn ${other}`);
    if (other === 1) all.push(ask('late'));
    await nextTurn();
  }
  await Promise.all(all);
  expect(seen).toEqual(['turn 0', 'a', 'turn 1', 'b', 'turn 2', 'c', 'turn 3', 'late']);
});

test('one alone waits for one turn, also after others', async () => {
  const turn = createTurns();
  await Promise.all([turn(), turn()]);
  for (let time = 0; time < 2; time += 1) {
    let gone = false;
    void turn().then(() => (gone = true));
    expect(gone).toBe(false);
    await nextTurn();
    expect(gone).toBe(true);
  }
});
