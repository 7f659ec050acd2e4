import type { Tmux } from '../tools/tmux.ts';

export interface Typing {
  readonly tmux: Pick<Tmux, 'sendText' | 'capture'>;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const landMs = 5_000;
const lookMs = 50;

/**
 * Pastes a prompt in brackets, sees that the terminal took it, then presses Enter. False: it showed no change, so Enter was not pressed.
 * What the screen says is not read, only that it is another one.
 */
export async function typePrompt({ tmux, sleep }: Typing, paneId: string, text: string): Promise<boolean> {
  const before = await tmux.capture({ paneId });
  await tmux.sendText({ paneId, text, enter: false, paste: true });
  for (let waitedMs = 0; (await tmux.capture({ paneId })) === before; waitedMs += lookMs) {
    if (waitedMs >= landMs) return false;
    await sleep(lookMs);
  }
  await tmux.sendText({ paneId, text: '', enter: true });
  return true;
}

const shownMs = 30_000;
const quietMs = 200;

/** An agent that tells nothing is ready when it has shown something and shows no more; after a while it is asked all the same. */
export async function untilShown({ tmux, sleep }: Typing, paneId: string): Promise<void> {
  let before = '';
  for (let waitedMs = 0; waitedMs < shownMs; waitedMs += quietMs) {
    const now = (await tmux.capture({ paneId })).trim();
    if (now !== '' && now === before) return;
    before = now;
    await sleep(quietMs);
  }
}
