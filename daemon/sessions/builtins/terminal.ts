import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import { byDaemon } from '../../kernel/origin.ts';
import { booleanArg, numberArg, textArg, wrong } from './arguments.ts';
import type { Builtin } from './builtin.ts';
import { ownPane } from './own-terminal.ts';

/** Ends the terminal of the session; one that is gone already is fine. */
export const sessionKill: Builtin = async ({ context, print }, { terminals }) => {
  if (context.terminal) await terminals.kill(context.terminal, 'step', byDaemon);
  print(context.terminal ? `terminal ${context.terminal.name} ended` : 'no terminal to end');
  return undefined;
};

/** Types `text` into the terminal, with Enter unless `enter: false`. */
export const sessionSend: Builtin = async ({ context, args, print }, { terminals, tmux }) => {
  const text = textArg(args, 'text');
  if (text === undefined) throw wrong('text', 'is missing');
  const { paneId, windowName } = await ownPane(context, terminals, textArg(args, 'window'));
  await tmux.sendText({ paneId, text, enter: booleanArg(args, 'enter', true) });
  print(`${Buffer.byteLength(text)} bytes typed into the window "${windowName}"`);
  return undefined;
};

/** Stores the text on the screen as an artifact: `name`, `history` lines above the screen, `window`. */
export const sessionCapture: Builtin = async ({ context, args, stepIndex, mask, print }, { terminals, tmux, artifacts }) => {
  const name = textArg(args, 'name') ?? `capture-${String(stepIndex).padStart(3, '0')}.txt`;
  const historyLines = numberArg(args, 'history', 0, limits.captureLines) ?? 0;
  const { paneId } = await ownPane(context, terminals, textArg(args, 'window'));
  const content = mask.text(await tmux.capture({ paneId, historyLines }));
  if (Buffer.byteLength(content) > limits.artifactPutBytes) {
    throw new Failure(
      'LIMIT_EXCEEDED',
      `The screen and its history are more than ${limits.artifactPutBytes} bytes; ask for less history.`,
      {
        details: { limit: limits.artifactPutBytes },
      },
    );
  }
  const { path } = await artifacts.put(context.session, { name, kind: 'output', content, encoding: 'utf8' }, byDaemon);
  print(`screen stored as ${path}`);
  return { capture_path: path };
};
