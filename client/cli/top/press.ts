// What a key does: the state after it, and what is to be done in the world outside. Pure.

import { isChar, type Key, movement } from './key.ts';
import { bodyRows, type View } from './layout.ts';
import type { Size } from './line.ts';
import { pressInList } from './press-list.ts';
import { screenLines } from './screens.ts';
import type { OutputScreen, PermissionScreen, PlanScreen, Pressed, QuestionScreen, Ui } from './ui.ts';

/** What stands in an answer or a filter at most. */
const typedChars = 2_000;

export function press(view: View, key: Key, size: Size): Pressed {
  const { ui } = view;
  const { screen } = ui;
  if (key.name === 'interrupt') return { ui, effect: { do: 'quit' } };
  switch (screen.kind) {
    case 'list':
      return pressInList(view, key, size);
    case 'filter':
      if (key.name === 'enter') return back(ui);
      if (key.name === 'escape') return { ui: { ...ui, filter: '', screen: { kind: 'list' } } };
      return { ui: { ...ui, filter: typed(ui.filter, key) } };
    case 'confirm':
      return isChar(key, 'y') ? { ...back(ui), effect: { do: 'cancel', target: screen.target } } : back(ui);
    case 'plan':
      return pressInPlan(ui, screen, key, size);
    case 'output':
      if (isBack(key)) return { ...back(ui), effect: { do: 'closeOutput' } };
      return { ui: { ...ui, screen: scrolledOutput(screen, key, size) } };
    case 'help':
      return isBack(key) ? back(ui) : { ui: { ...ui, screen: { ...screen, top: scrolled(screen, key, size) } } };
    case 'permission':
      return pressInPermission(ui, screen, key);
    case 'question':
      return pressInQuestion(ui, screen, key);
  }
}

function pressInPlan(ui: Ui, screen: PlanScreen, key: Key, size: Size): Pressed {
  if (isBack(key)) return back(ui);
  if (!isChar(key, 'a') || !screen.inReview) return { ui: { ...ui, screen: { ...screen, top: scrolled(screen, key, size) } } };
  const { specTaskId, revision } = screen;
  return { ...back(ui), effect: { do: 'approve', specTaskId, revision } };
}

function pressInPermission(ui: Ui, screen: PermissionScreen, key: Key): Pressed {
  const { permission, chosen } = screen;
  if (isBack(key)) return back(ui);
  const last = permission.options.length - 1;
  if (key.name === 'up') return { ui: { ...ui, screen: { ...screen, chosen: Math.max(0, chosen - 1) } } };
  if (key.name === 'down') return { ui: { ...ui, screen: { ...screen, chosen: Math.min(last, chosen + 1) } } };
  const option = permission.options[key.name === 'enter' ? chosen : key.name === 'char' ? Number(key.char) - 1 : -1];
  if (option === undefined) return { ui };
  const { optionId, name } = option;
  return { ...back(ui), effect: { do: 'answerPermission', permissionId: permission.id, optionId, name } };
}

function pressInQuestion(ui: Ui, screen: QuestionScreen, key: Key): Pressed {
  if (key.name === 'escape') return back(ui);
  if (key.name !== 'enter') return { ui: { ...ui, screen: { ...screen, text: typed(screen.text, key) } } };
  const answer = screen.text.trim();
  if (answer === '') return { ui };
  return { ...back(ui), effect: { do: 'answerQuestion', workSessionId: screen.workSessionId, answer } };
}

function back(ui: Ui): { ui: Ui } {
  return { ui: { ...ui, screen: { kind: 'list' } } };
}

function isBack(key: Key): boolean {
  return key.name === 'escape' || isChar(key, 'q');
}

function typed(text: string, key: Key): string {
  if (key.name === 'backspace') return [...text].slice(0, -1).join('');
  return key.name === 'char' && text.length < typedChars ? text + key.char : text;
}

function scrolled(screen: PlanScreen | OutputScreen | { kind: 'help'; top: number }, key: Key, size: Size): number {
  const page = bodyRows(size);
  const end = Math.max(0, (screenLines(screen, size.columns)?.length ?? 0) - page);
  const top = Math.min(screen.top ?? end, end);
  return Math.max(0, Math.min(end, top + movement(key, page)));
}

/** Whoever comes to the end goes along with it again. */
function scrolledOutput(screen: OutputScreen, key: Key, size: Size): OutputScreen {
  const top = scrolled(screen, key, size);
  const isEnd = top === scrolled({ ...screen, top: undefined }, { name: 'enter' }, size);
  return { ...screen, top: isEnd ? undefined : top };
}
