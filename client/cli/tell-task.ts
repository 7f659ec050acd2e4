import type { SpecTask } from '../../schemas/index.ts';
import type { Output } from './output.ts';
import { oneLine } from './text.ts';

/** What became of a task, after something was done with it. */
export function tellTask(out: Output, task: SpecTask, hint?: string): void {
  if (out.json) {
    out.document(task);
    return;
  }
  const { number, name, id, status, lastError } = task;
  out.line(`#${number} ${id} ${status}: ${oneLine(name)}`);
  if (lastError !== undefined) out.note(`coppice: ${oneLine(lastError)}`);
  if (hint !== undefined) out.note(`coppice: ${hint}`);
}
