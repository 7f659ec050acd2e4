// Asks for the arguments of a command, one after the other. What has a default may be left as it is.
import { window } from 'vscode';
import type { CommandArgument } from '../../../../schemas/index.ts';
import { plainLine } from '../model/plain.ts';

type Value = string | string[];

/** Undefined when it was broken off. */
export async function askArguments(command: string, wanted: readonly CommandArgument[]): Promise<Record<string, Value> | undefined> {
  const given: [string, Value][] = [];
  for (const argument of wanted) {
    const value = await ask(`${plainLine(command)}: ${plainLine(argument.name)}`, argument);
    if (value === undefined) return undefined;
    if (value !== leftOut) given.push([argument.name, value]);
  }
  return Object.fromEntries(given);
}

const leftOut: unique symbol = Symbol('left out');

async function ask(title: string, argument: CommandArgument): Promise<Value | typeof leftOut | undefined> {
  if (argument.type === 'list') return askList(title, argument);
  const choices = argument.type === 'boolean' ? ['true', 'false'] : argument.choices?.map(String);
  return choices === undefined ? askText(title, argument) : askChoice(title, argument, choices);
}

interface Choice {
  readonly label: string;
  readonly value: string | typeof leftOut;
}

async function askChoice(title: string, { required, default: standard, description }: CommandArgument, choices: readonly string[]) {
  const skip: Choice = { label: standard === undefined ? '(none)' : `(default: ${plainLine(String(standard))})`, value: leftOut };
  const offered = choices.map((choice): Choice => ({ label: plainLine(choice), value: choice }));
  const items = required && standard === undefined ? offered : [skip, ...offered];
  const picked = await window.showQuickPick(items, { title, placeHolder: plainLine(description ?? ''), ignoreFocusOut: true });
  return picked?.value;
}

async function askText(title: string, { type, required, default: standard, description, secret }: CommandArgument) {
  const needed = required && standard === undefined;
  const text = await window.showInputBox({
    title,
    prompt: plainLine(`${description ?? type}${standard === undefined ? '' : `; empty: ${String(standard)}`}`),
    password: secret,
    ignoreFocusOut: true,
    validateInput: (value) => (needed && value === '' ? 'It can not be left out.' : undefined),
  });
  return text === '' && !needed ? leftOut : text;
}

/** One value after the other; an empty one ends the list. */
async function askList(title: string, { required, default: standard, description }: CommandArgument) {
  const values: string[] = [];
  for (;;) {
    const needed = required && standard === undefined && values.length === 0;
    const text = await window.showInputBox({
      title: `${title}, value ${values.length + 1}`,
      prompt: plainLine(`${description ?? 'list'}; empty ends the list`),
      ignoreFocusOut: true,
      validateInput: (value) => (needed && value === '' ? 'It can not be left out.' : undefined),
    });
    if (text === undefined) return undefined;
    if (text === '') return values.length === 0 ? leftOut : values;
    values.push(text);
  }
}
