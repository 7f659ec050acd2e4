import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { registerTaskCourse } from './task-course.ts';
import { registerTaskNew } from './task-new.ts';
import { registerTaskParse } from './task-parse.ts';
import { registerTaskReview } from './task-review.ts';
import { registerTaskView } from './task-view.ts';

export function register(program: Command, cli: Cli): void {
  const task = program.command('task').description('spec tasks: plans, and the work that comes of them');
  registerTaskNew(task, cli);
  registerTaskView(task, cli);
  registerTaskReview(task, cli);
  registerTaskCourse(task, cli);
  registerTaskParse(task, cli);
}
