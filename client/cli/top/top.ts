// The live view: events change the world, keys change where the user is, and both ask for a frame. A file of its own in the build, which
// only `coppice top` loads.
import type { Client } from '../../client.ts';
import { formatError } from '../format-error.ts';
import { act } from './actions.ts';
import { notice } from './apply-event.ts';
import { Follower } from './follower.ts';
import { createFrames } from './frames.ts';
import { createInkView } from './ink-view.ts';
import type { Key } from './key.ts';
import { ageStepMs, frame, type View } from './layout.ts';
import { glyphsOf } from './line.ts';
import { followTail } from './output-tail.ts';
import { press } from './press.ts';
import type { Row, Target } from './row.ts';
import { filtered, rowsOf } from './rows.ts';
import { keptSelection } from './select.ts';
import { summaryOf } from './summary.ts';
import { type Effect, firstUi, type Screen, type Ui } from './ui.ts';

export interface TopOptions {
  readonly client: Client;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly colour: boolean;
  /** The terminal shows more than ASCII. */
  readonly unicode: boolean;
  readonly insideTmux: string | undefined;
  runInherited(argv: readonly string[]): Promise<number>;
}

/** Ends when the user quits, or with a signal, whose exit code it answers. */
export async function runTop(options: TopOptions): Promise<number> {
  const { client, runInherited } = options;
  const glyphs = glyphsOf(options.unicode);
  const leaving = new AbortController();
  let ui = firstUi;
  let code = 0;
  let rows: Row[] = [];
  let output: AbortController | undefined;

  const frames = createFrames(() => view.show(frame(current(), view.size())));
  const set = (change: Partial<Ui>): void => {
    ui = { ...ui, ...change };
    frames.request();
  };
  const follower = new Follower(client, {
    changed: () => {
      ui = settled(ui, follower);
      frames.request();
    },
    notice: (told) => set({ notice: told }),
    away: (away) => {
      if (away === ui.away) return;
      set({ away, ...(away ? {} : { notice: notice('The daemon is back, and this is how things stand.', 'green') }) });
    },
  });
  const current = (): View => {
    const now = filtered(rowsOf(follower.world, glyphs), ui.filter);
    ui = { ...ui, selected: keptSelection(rows, now, ui.selected) };
    rows = now;
    return { ui, rows, summary: follower.loaded ? summaryOf(follower.world) : 'reading …', now: Date.now() };
  };
  const fail = (error: unknown): void =>
    set({
      notice: notice(
        formatError(error)
          .split('\n')[0]
          ?.replace(/^coppice: /, '') ?? '',
        'red',
      ),
    });
  const open = (screen: Screen): void => set({ screen, notice: undefined });

  const perform = async (effect: Effect): Promise<void> => {
    if (effect.do === 'quit') return leaving.abort();
    if (effect.do === 'closeOutput') return output?.abort();
    if (ui.away) return set({ notice: notice('Nobody answers now; try again when the daemon is back.', 'yellow') });
    if (effect.do === 'openOutput') return showOutput(effect.target);
    await act({ client, insideTmux: options.insideTmux, open, tell: (told) => set({ notice: told }), runInForeground }, effect);
  };
  const runInForeground = async (argv: readonly string[]): Promise<number> => {
    await view.suspend();
    try {
      return await runInherited(argv);
    } finally {
      if (!leaving.signal.aborted) view.resume();
      frames.request();
    }
  };
  const showOutput = async ({ name, sessionId = '' }: Target): Promise<void> => {
    output?.abort();
    const mine = new AbortController();
    output = mine;
    const { signal } = mine;
    const change = (more: { text?: readonly string[]; ended?: boolean }): void => {
      if (ui.screen.kind === 'output' && !signal.aborted) set({ screen: { ...ui.screen, ...more } });
    };
    open({ kind: 'output', sessionId, title: name, text: [], ended: false, top: undefined });
    await followTail(client, { sessionId, signal, show: (text) => change({ text }) });
    change({ ended: true });
  };

  const view = createInkView({
    ...{ stdin: options.stdin, stdout: options.stdout, colour: options.colour },
    onResize: () => view.show(frame(current(), view.size())),
    onKey: (key: Key) => {
      const pressed = press(current(), key, view.size());
      set(pressed.ui);
      if (pressed.effect !== undefined) perform(pressed.effect).catch(fail);
    },
  });
  frames.request();
  const ages = setInterval(frames.request, ageStepMs);
  const forget = onSignals((exitCode) => {
    code = exitCode;
    leaving.abort();
  });
  try {
    await follower.run(leaving.signal);
  } finally {
    forget();
    clearInterval(ages);
    output?.abort();
    frames.stop();
    await view.close();
  }
  return code;
}

/** What was opened to be answered goes when it was answered elsewhere. */
function settled(ui: Ui, { world }: Follower): Ui {
  const { screen } = ui;
  if ((screen.kind !== 'permission' && screen.kind !== 'question') || world.attention.has(screen.attentionId)) return ui;
  return { ...ui, screen: { kind: 'list' }, notice: notice('That does not wait any more: it was answered, or withdrawn.', 'yellow') };
}

function onSignals(end: (exitCode: number) => void): () => void {
  const term = (): void => end(143);
  const hup = (): void => end(129);
  process.on('SIGTERM', term).on('SIGHUP', hup);
  return () => void process.off('SIGTERM', term).off('SIGHUP', hup);
}
