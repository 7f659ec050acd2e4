import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createExitWatch, type ExitWatch } from '../../../daemon/tools/exit-watch.ts';
import { finishLog } from '../../../daemon/tools/finish-log.ts';
import type { ProcessTool } from '../../../daemon/tools/process.ts';
import { createStepFiles, type StepFiles } from '../../../daemon/tools/step-files.ts';
import { createTmux, type Tmux } from '../../../daemon/tools/tmux.ts';
import { tmuxConf } from '../../../daemon/tools/tmux-conf.ts';
import { createTmuxControl, type TmuxControl, type TmuxControlOptions } from '../../../daemon/tools/tmux-control.ts';
import { createTestAgain } from '../../helpers/again.ts';
import { createTestProcessTool } from '../../helpers/process-tool.ts';
import { toolMissing } from '../../helpers/tool-missing.ts';
import { until } from '../../helpers/until.ts';

export { sleep, until };

export const scriptsDir = fileURLToPath(new URL('../../../daemon/tools', import.meta.url));
export const baseEnv = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: process.env.HOME ?? '/' };

export interface Place extends AsyncDisposable {
  readonly dir: string;
  readonly files: StepFiles;
  readonly watch: ExitWatch;
  readonly tool: ProcessTool;
  path(name: string): string;
}

export function createPlace(): Place {
  const dir = mkdtempSync(join(tmpdir(), 'coppice-tools-'));
  mkdirSync(join(dir, 'steps'), { mode: 0o700 });
  const watch = createExitWatch({ dir: join(dir, 'steps') });
  return {
    dir,
    files: createStepFiles({ dir: join(dir, 'steps'), scriptsDir }),
    watch,
    tool: createTestProcessTool(baseEnv),
    path: (name) => join(dir, name),
    async [Symbol.asyncDispose]() {
      watch.close();
      // Wrappers that were just hung up still write their last file.
      await until(`'${dir}' to be gone`, () => {
        try {
          rmSync(dir, { recursive: true, force: true });
          return true;
        } catch {
          return false;
        }
      });
    },
  };
}

export interface TmuxPlace extends Place {
  readonly control: TmuxControl;
  readonly tmux: Tmux;
  readonly controlOptions: TmuxControlOptions;
  /** Waits for the last byte of a log. */
  logged(id: string, deadlineMs?: number): Promise<boolean>;
  /** Writes the spec of a shell script and gives what newSession and newWindow want of it. */
  shell(
    id: string,
    script: string,
    env?: Record<string, string>,
  ): Promise<{ windowName: string; cwd: string; argv: string[]; logArgv: string[]; logPath: string }>;
}

export function createTmuxPlace(): TmuxPlace {
  const place = createPlace();
  writeFileSync(place.path('tmux.conf'), tmuxConf());
  const controlOptions: TmuxControlOptions = {
    process: place.tool,
    socketPath: place.path('tmux.sock'),
    confPath: place.path('tmux.conf'),
    env: { ...baseEnv, TMUX: '/somewhere,1,0', TMUX_PANE: '%9' },
    sleep,
  };
  const control = createTmuxControl(controlOptions);
  return {
    ...place,
    control,
    controlOptions,
    logged: (id, deadlineMs = 10_000) => finishLog({ exits: place.watch }, id, deadlineMs),
    tmux: createTmux({ control, process: place.tool, again: createTestAgain().again }),
    async shell(id, script, env = {}) {
      await place.files.writeSpec(id, { cwd: place.dir, argv: ['/bin/sh', '-c', script], env: { ...baseEnv, ...env } });
      return { windowName: id, cwd: place.dir, ...place.files.inWindow(id), logPath: place.path(`${id}.log`) };
    },
    async [Symbol.asyncDispose]() {
      await control.close();
      await place.tool.runTool('tmux', ['-N', '-S', controlOptions.socketPath, 'kill-server'], { okExitCodes: [0, 1] });
      await place[Symbol.asyncDispose]();
    },
  };
}

/** True, with a printed reason, when tmux is missing and that is allowed. */
export const tmuxMissing = (): boolean => toolMissing('tmux', ['-V']);
