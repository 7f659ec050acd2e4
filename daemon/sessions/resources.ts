// The scopes of a session: its worktree and its terminal, ensured in order, released in reverse by the keep policies.

import { isFailure } from '../../schemas/errors.ts';
import type { WorkAtRisk } from '../../schemas/worktree.ts';
import { baseFor, branchFor, takesExistingBranch } from '../commands/branch.ts';
import { allSteps } from '../commands/definition.ts';
import { sessionSteps, worktreeSteps } from '../commands/kind.ts';
import { renderTemplate } from '../commands/template.ts';
import type { Clock } from '../kernel/clock.ts';
import { byDaemon } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Store } from '../store/store.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { TerminalService } from '../terminals/service.ts';
import type { Git } from '../tools/git/git.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import { type SessionContext, workingDirectoryOf } from './context.ts';
import { inheritable, sessionVariables } from './environment.ts';
import { decideTerminal, decideWorktree } from './keep.ts';
import { leaseVariables } from './leases.ts';
import type { Verdict } from './machine.ts';
import { logPathOf } from './paths.ts';
import { partOf } from './positions.ts';
import { takeWorktree } from './reuse-worktree.ts';
import { sessionSubject } from './transitions.ts';

export interface Resources {
  ensureWorktree(context: SessionContext): Promise<WorktreeRecord>;
  ensureTerminal(context: SessionContext): Promise<TerminalRecord>;
  /** Each answers what became of it, in a word or two. */
  releaseTerminal(context: SessionContext, verdict: Verdict): Promise<string>;
  releaseWorktree(context: SessionContext, verdict: Verdict): Promise<string>;
}

export interface ResourceDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly worktrees: WorktreeService;
  readonly terminals: TerminalService;
  readonly git: Pick<Git, 'branchExists'>;
  /** From the configuration; the starting client's $SHELL otherwise. */
  readonly shell: () => string | undefined;
  readonly places: { readonly socketPath: string; readonly tmuxSocketPath: string };
}

export function createResources({ store, clock, worktrees, terminals, git, shell, places }: ResourceDeps): Resources {
  const touched = async (worktree: WorktreeRecord | undefined): Promise<boolean> =>
    worktree !== undefined && worktree.status === 'present' && worktrees.isTouched(worktree);

  const ensureWorktree = async (context: SessionContext): Promise<WorktreeRecord> => {
    if (context.worktree && context.worktree.status !== 'removed') return context.worktree;
    const { session, project, definition, lookup } = context;
    const branch = branchFor(definition, lookup, new Date(clock.now()));
    const reuse = definition.worktree.existing === 'reuse';
    const reused = reuse ? await takeWorktree(store, session, branch, clock.now()) : undefined;
    if (reused) return reused;
    const allowExistingBranch = reuse || takesExistingBranch(definition);
    const exists = reuse && (await git.branchExists(repositoryOf(project), branch));
    // What exists is taken as it stands, wherever a new one would begin.
    const base = exists ? undefined : baseFor(definition, lookup);
    const { copy, mcpTemplate } = definition.worktree;
    const wanted = { project, branch, base, allowExistingBranch, sessionId: session.id, copy, mcpTemplate };
    const worktree = await worktrees.create(wanted, byDaemon).catch(async (error: unknown) => {
      // Another session was faster with the branch: its worktree is the one to reuse, or to be refused.
      const made =
        reuse && isFailure(error) && error.kind === 'ALREADY_EXISTS' ? await takeWorktree(store, session, branch, clock.now()) : undefined;
      if (made) return made;
      throw error;
    });
    await store.write((w) => {
      w.sessions.setData(session.id, 'branch_name', branch, clock.now());
      const data = { key: 'branch_name', value: branch };
      w.events.append({ type: 'session.dataSet', subject: sessionSubject(session), actor: byDaemon.actor, data });
    });
    return worktree;
  };
  const ensureTerminal = async (context: SessionContext): Promise<TerminalRecord> => {
    if (context.terminal) return context.terminal;
    const { session, worktree, definition, lookup, secrets } = context;
    const { nameTemplate, environment } = definition.session;
    const rendered = Object.entries(environment).map(([name, value]) => [name, renderTemplate(value, lookup)]);
    const name = nameTemplate === undefined ? session.slug : `${tmuxName(renderTemplate(nameTemplate, lookup))}-${session.slug}`;
    const cwd = await workingDirectoryOf(context, definition.session.workingDirectory);
    return terminals.create(
      {
        name,
        sessionId: session.id,
        projectId: session.projectId,
        ...(worktree === undefined ? {} : { worktreeId: worktree.id }),
        cwd,
        shell: shell() ?? secrets.environment.SHELL ?? '/bin/sh',
        environment: {
          ...inheritable(secrets.environment),
          ...Object.fromEntries(rendered),
          ...leaseVariables(store, session),
          ...sessionVariables({
            sessionId: session.id,
            commandName: session.commandName,
            projectPath: session.projectPath,
            artifactDir: session.artifactDir,
            workingDirectory: cwd,
            tmuxSession: name,
            tmuxSocket: places.tmuxSocketPath,
            socket: places.socketPath,
            token: secrets.token,
            ...(worktree === undefined ? {} : { worktreePath: worktree.path, branch: worktree.branch }),
          }),
        },
        logPath: logPathOf(session.artifactDir, 0, 'terminal'),
      },
      byDaemon,
    );
  };
  return {
    ensureWorktree,
    ensureTerminal,
    async releaseTerminal(context, verdict) {
      const { terminal, worktree, definition } = context;
      if (!terminal) return 'none';
      const attached = (await terminals.attachedClients(terminal)) > 0;
      const facts = { outcome: verdict.status, touched: await touched(worktree), attached };
      const explicit = usesStep(context, [...sessionSteps, 'start-worktree-session']) && !setupFailed(context);
      const decision = decideTerminal(definition.session.keep, explicit, facts);
      if (!decision.keep) await terminals.kill(terminal, decision.reason, byDaemon);
      return decision.keep ? `kept: ${decision.reason}` : `ended: ${decision.reason}`;
    },
    async releaseWorktree(context, verdict) {
      const { worktree, definition, session } = context;
      if (!worktree) return 'none';
      if (worktree.status === 'removed' && removesItself(context)) return 'removed: by a step';
      // It was there before this session, which has no say in its end.
      if (worktree.sessionId !== session.id) return 'kept: reused';
      const facts = { outcome: verdict.status, touched: await touched(worktree), attached: false };
      const explicit = usesStep(context, worktreeSteps) && !setupFailed(context);
      const decision = decideWorktree(definition.worktree.keep, explicit, facts);
      // A daemon that died after the removal and before its record.
      if (worktree.status === 'removed') return `removed: ${decision.reason}`;
      if (decision.keep) return retain(worktree, decision.reason);
      try {
        // "never" is an order: what is not committed or merged is saved and can be restored.
        await worktrees.remove(worktree, { bySession: session.id, force: decision.reason === 'never' }, byDaemon);
        return `removed: ${decision.reason}`;
      } catch (error) {
        // Whatever a policy says, work is not lost: the worktree stays and says why.
        if (isFailure(error) && error.kind === 'WORK_AT_RISK') {
          const { reasons, processes } = error.details as WorkAtRisk;
          const running = processes.map(({ pid, command }) => `${command} (${pid})`).join(', ');
          return `${await retain(worktree, 'work_at_risk')}: ${reasons.join(' ')}${running && ` ${running}`}`;
        }
        throw error;
      }
    },
  };

  async function retain(worktree: WorktreeRecord, reason: string): Promise<string> {
    await worktrees.retain(worktree, reason, byDaemon);
    return `kept: ${reason}`;
  }
}

function usesStep({ definition }: SessionContext, names: readonly string[]): boolean {
  return definition.steps.some((step) => step.type === 'builtin' && names.includes(step.action));
}

function removesItself({ definition }: SessionContext): boolean {
  return allSteps(definition).some((step) => step.type === 'builtin' && step.action === 'worktree-remove');
}

/** Acquiring broke half-way: what was made for a session that never began is given back unless it holds work. */
function setupFailed({ steps }: SessionContext): boolean {
  return steps.some((step) => partOf(step) === 'acquire' && step.status === 'failed');
}

/** tmux reads "." and ":" in a name as the parts of a target. */
function tmuxName(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60);
}
