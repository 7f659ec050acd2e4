// What the daemon depends on, looked at one by one, each with what to do about it.
import { statfs } from 'node:fs/promises';
import type { ResultOf } from '../../schemas/contract.ts';
import { isFailure } from '../../schemas/errors.ts';
import type { Store } from '../store/store.ts';
import type { Git } from '../tools/git/git.ts';
import type { ProcessTool } from '../tools/process.ts';
import type { TmuxServers } from '../tools/tmux-servers.ts';

type Finding = ResultOf<'daemon.doctor'>['findings'][number];

export interface DoctorService {
  examine(): Promise<ResultOf<'daemon.doctor'>>;
}

export interface DoctorDeps {
  readonly store: Store;
  readonly git: Git;
  readonly tmux: TmuxServers;
  readonly process: ProcessTool;
  readonly stateDir: string;
  readonly nodeVersion: string;
  readonly examineAgents: () => Promise<Finding[]>;
}

const leastFreeBytes = 500 * 1024 * 1024;

export function createDoctorService({ store, git, tmux, process, stateDir, nodeVersion, examineAgents }: DoctorDeps): DoctorService {
  const onPath = async (tool: string, needed: string): Promise<Finding> => {
    const found = await process.which(tool);
    return found === undefined
      ? { check: tool, ok: false, remedy: `${needed}; install it: apt install ${tool}` }
      : { check: tool, ok: true, found };
  };
  const checks: (() => Promise<Finding>)[] = [
    async () => ({ check: 'node', ok: true, found: nodeVersion }),
    async () => {
      const { text } = await git.version();
      return { check: 'git', ok: true, found: text };
    },
    async () => {
      const version = await tmux.available();
      const remedy = 'commands with a terminal or worktree need it; install it: apt install tmux';
      return version === undefined ? { check: 'tmux', ok: false, remedy } : { check: 'tmux', ok: true, found: version };
    },
    () => onPath('bash', 'shell steps run by it'),
    () => onPath('perl', 'every step is started by it'),
    async () => {
      const { bytes, freePages, pages } = store.size();
      return { check: 'database', ok: true, found: `${bytes} bytes, ${freePages} of ${pages} pages free` };
    },
    async () => {
      const { bavail, bsize } = await statfs(stateDir);
      const free = bavail * bsize;
      const found = `${Math.round(free / 1024 / 1024)} MiB free`;
      return free < leastFreeBytes
        ? { check: 'disk', ok: false, found, remedy: `make room on the disk of "${stateDir}"` }
        : { check: 'disk', ok: true, found };
    },
  ];
  return {
    async examine() {
      const findings = await Promise.all(
        checks.map((check) =>
          check().catch((error: unknown): Finding => {
            if (!isFailure(error)) throw error;
            return { check: String(error.details?.tool ?? error.kind), ok: false, remedy: error.message };
          }),
        ),
      );
      findings.push(...(await examineAgents()));
      return { ok: findings.every(({ ok, optional }) => ok || optional), findings };
    },
  };
}
