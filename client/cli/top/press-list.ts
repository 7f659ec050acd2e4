import { notice } from './apply-event.ts';
import { isChar, type Key, movement } from './key.ts';
import { bodyRows, type View } from './layout.ts';
import type { Size } from './line.ts';
import type { Target } from './row.ts';
import { selectedIndex, stepped } from './select.ts';
import type { Effect, Pressed, Ui } from './ui.ts';

export function pressInList(view: View, key: Key, size: Size): Pressed {
  const { ui, rows } = view;
  if (isChar(key, 'q')) return { ui, effect: { do: 'quit' } };
  if (isChar(key, '?')) return { ui: { ...ui, screen: { kind: 'help', top: 0 } } };
  if (isChar(key, '/')) return { ui: { ...ui, screen: { kind: 'filter' } } };
  if (key.name === 'escape') return { ui: { ...ui, filter: '', notice: undefined } };
  const at = selectedIndex(rows, ui.selected);
  const by = movement(key, bodyRows(size));
  if (by !== 0) return { ui: { ...ui, selected: rows[stepped(rows, at, by)]?.key } };
  const target = rows[at]?.target;
  if (target === undefined) return { ui };
  // From here on it is this row that is meant, wherever events move it.
  return act({ ...ui, selected: rows[at]?.key }, target, key);
}

function act(ui: Ui, target: Target, key: Key): Pressed {
  if (key.name === 'enter') {
    const effect = opening(target);
    return effect === undefined ? told(ui, target, 'has nothing to open yet') : { ui, effect };
  }
  if (isChar(key, 'a'))
    return hasTerminal(target) ? { ui, effect: { do: 'attach', target } } : told(ui, target, 'has no terminal of its own');
  if (isChar(key, 'o'))
    return target.sessionId === undefined ? told(ui, target, 'has no output yet') : { ui, effect: { do: 'openOutput', target } };
  if (isChar(key, 'p'))
    return target.specTaskId === undefined ? told(ui, target, 'has no plan') : { ui, effect: { do: 'openPlan', target } };
  if (isChar(key, 'r')) {
    const effect = answering(target);
    return effect === undefined ? told(ui, target, 'asks nothing') : { ui, effect };
  }
  if (isChar(key, 'c')) return target.active ? { ui: { ...ui, screen: { kind: 'confirm', target } } } : told(ui, target, 'does not run');
  return { ui };
}

function opening(target: Target): Effect | undefined {
  const answer = answering(target);
  if (answer !== undefined) return answer;
  if (target.sessionId !== undefined) return { do: 'openOutput', target };
  return target.specTaskId === undefined ? undefined : { do: 'openPlan', target };
}

function answering(target: Target): Effect | undefined {
  if (target.attention?.kind === 'permission') return { do: 'openPermission', target };
  if (target.attention?.kind === 'question' && target.workSessionId !== undefined) return { do: 'openQuestion', target };
  return undefined;
}

function hasTerminal({ sessionId, workSessionId }: Target): boolean {
  return sessionId !== undefined || workSessionId !== undefined;
}

function told(ui: Ui, { name }: Target, what: string): Pressed {
  return { ui: { ...ui, notice: notice(`"${name}" ${what}.`, 'yellow') } };
}
