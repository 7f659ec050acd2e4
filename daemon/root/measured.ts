// The outside world with a clock beside it: the same tools, each use a span.
import { basename } from 'node:path';
import type { Metrics } from '../metrics/service.ts';
import type { ProcessTool } from '../tools/process.ts';
import type { TmuxControl } from '../tools/tmux-control.ts';

export function measuredProcess(tool: ProcessTool, { timed }: Pick<Metrics, 'timed'>): ProcessTool {
  return { ...tool, runTool: (name, args, options) => timed(`tool.${basename(name)}`, () => tool.runTool(name, args, options)) };
}

export function measuredControl(control: TmuxControl, { timed }: Pick<Metrics, 'timed'>): TmuxControl {
  return {
    ...control,
    command: (...command) => timed('tmux.command', () => control.command(...command)),
    run: (commands) => timed('tmux.command', () => control.run(commands)),
  };
}
