// Shows the steps of a session as they happen: on a terminal one line a step, drawn again while it runs; elsewhere a line an event.
import type { EventData } from '../../schemas/index.ts';
import type { FollowView } from './follow-session.ts';
import { type Output, statusColour } from './output.ts';
import { duration, oneLine } from './text.ts';

const redrawMs = 1_000;

export interface StepView extends FollowView {
  /** Takes the line that is being drawn away. */
  close(): void;
}

export const silentStepView: StepView = { close: () => undefined };

export function createStepView(out: Output): StepView {
  if (out.json) return silentStepView;
  return out.terminal ? liveView(out) : plainView(out);
}

function plainView(out: Output): StepView {
  const started = new Map<string, number>();
  return {
    stepStarted(step) {
      started.set(step.stepRunId, performance.now());
      out.line(`${title(step)} started`);
    },
    stepFinished: (step) => out.line(`${title(step)} ${ending(step)}${timeSince(started.get(step.stepRunId))}`),
    close: () => undefined,
  };
}

function liveView(out: Output): StepView {
  let running: { step: EventData<'step.started'>; since: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    if (running !== undefined) out.draw(`\r\u001b[K${out.paint('●', 'blue')} ${title(running.step)} running${timeSince(running.since)}`);
  };
  const erase = (): void => {
    clearInterval(timer);
    if (running !== undefined) out.draw('\r\u001b[K');
  };
  return {
    stepStarted(step) {
      erase();
      running = { step, since: performance.now() };
      timer = setInterval(draw, redrawMs);
      draw();
    },
    stepFinished(step) {
      erase();
      const since = running?.step.stepRunId === step.stepRunId ? running.since : undefined;
      const mark = step.status === 'succeeded' ? '✓' : step.status === 'skipped' ? '-' : '✗';
      out.line(`${out.paint(mark, statusColour(step.status))} ${title(step)} ${ending(step)}${timeSince(since)}`);
      running = undefined;
    },
    close() {
      erase();
      running = undefined;
    },
  };
}

function title(step: { index: number; name: string; phase: string }): string {
  const phase = step.phase === 'main' ? '' : ` (${step.phase})`;
  return `${step.index === 0 ? '' : `${step.index} `}${oneLine(step.name)}${phase}`;
}

function ending(step: EventData<'step.finished'>): string {
  const why = step.signal ?? (step.exitCode ? `exit ${step.exitCode}` : step.reason);
  return why === undefined || step.status === 'succeeded' ? step.status : `${step.status} (${oneLine(why)})`;
}

function timeSince(since: number | undefined): string {
  return since === undefined ? '' : ` ${duration(performance.now() - since)}`;
}
