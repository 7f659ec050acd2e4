import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { registerWorkControls } from './work-controls.ts';
import { registerWorkInside } from './work-inside.ts';
import { registerWorkOpen } from './work-open.ts';
import { registerWorkView } from './work-view.ts';

export function register(program: Command, cli: Cli): void {
  // "help" is a command of its own here: it asks a human.
  const work = program.command('work').description('work sessions: who carries out the items of a plan').helpCommand(false);
  registerWorkView(work, cli);
  registerWorkOpen(work, cli);
  registerWorkControls(work, cli);
  registerWorkInside(work, cli);
}
