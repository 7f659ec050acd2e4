// The help text of the CLI, whole: what users read, and what their scripts rely on.
import { type Command, Help } from 'commander';
import { expect, test } from 'vitest';
import type { Cli } from '../../client/cli/context.ts';
import { createProgram } from '../../client/cli/program.ts';

const quiet = { cli: {} as Cli, version: () => '0.0.0', writeOut: () => undefined, writeErr: () => undefined };

async function helpTexts(): Promise<Map<string, string>> {
  const program = await createProgram(['--help'], quiet);
  const texts = new Map<string, string>();
  const visit = (command: Command, path: string): void => {
    command.configureHelp({ ...command.configureHelp(), helpWidth: 120 });
    texts.set(path, command.helpInformation());
    for (const child of command.commands) visit(child, `${path} ${child.name()}`);
  };
  visit(program, 'coppice');
  return texts;
}

test('the help of coppice and of each of its commands', async () => {
  const texts = await helpTexts();
  expect(texts.size).toBeGreaterThan(40);
  await expect([...texts].map(([path, text]) => `$ ${path} --help\n${text}`).join('\n')).toMatchFileSnapshot('cli-help.txt');
});

test('every command and option says what it does', async () => {
  const program = await createProgram(['--help'], quiet);
  const help = new Help();
  const visit = (command: Command, path: string): void => {
    expect(command.description(), path).not.toBe('');
    for (const option of help.visibleOptions(command)) expect(option.description, `${path} ${option.flags}`).not.toBe('');
    for (const child of command.commands) visit(child, `${path} ${child.name()}`);
  };
  visit(program, 'coppice');
});
