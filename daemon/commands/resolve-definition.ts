// CommandFile (bases merged) -> CommandDefinition: defaults, camelCase, numbers.
import type { CommandArgument } from '../../schemas/index.ts';
import { coerce } from './coerce.ts';
import { type CommandFile, type FileArgument, type FileStep, type FileStepList, stepsMarker } from './command-file.ts';
import { compact } from './compact.ts';
import type { CommandDefinition, CommandSchedule, CommandStep, StepRetry, StepType } from './definition.ts';
import type { FileRetry, FileSchedule } from './file-blocks.ts';
import { asData, asText } from './scalar.ts';

export interface ResolvedCommand {
  readonly definition: CommandDefinition;
  /** The step of the file behind each step of the definition, by index - 1. */
  readonly origins: readonly FileStep[];
}

export function resolveDefinition(file: CommandFile): ResolvedCommand {
  const { keys, worktree, session } = file;
  const origins: FileStep[] = [];
  const number = (list: FileStepList, phase: CommandStep['phase']): readonly CommandStep[] =>
    list.items.filter((item) => item !== stepsMarker).map((item) => resolveStep(item, phase, origins.push(item)));
  const definition: CommandDefinition = compact({
    name: keys.name ?? '',
    description: keys.description ?? '',
    category: keys.category ?? 'workflow',
    abstract: keys.abstract ?? false,
    promptFile: keys.prompt_file,
    promptFolder: keys.prompt_file === undefined ? undefined : file.promptFolder,
    schedule: file.schedule && resolveSchedule(file.schedule),
    concurrency: file.concurrency && compact({ group: file.concurrency.group, limit: file.concurrency.limit ?? 1 }),
    lifecycle: keys.lifecycle,
    arguments: file.arguments.map(resolveArgument),
    environment: keys.environment ?? {},
    steps: [...number(file.steps.pre_steps, 'pre'), ...number(file.steps.steps, 'main'), ...number(file.steps.post_steps, 'post')],
    cleanupSteps: number(file.steps.cleanup_on_failure, 'cleanup'),
    finallySteps: number(file.steps.finally_steps, 'finally'),
    workingDirectory: keys.working_directory,
    timeoutSeconds: keys.timeout,
    worktree: compact({
      declared: worktree !== undefined,
      branch: worktree?.branch,
      base: worktree?.base,
      path: worktree?.path,
      keep: worktree?.keep,
      existing: worktree?.existing,
      copy: worktree?.copy,
      mcpTemplate: worktree?.mcp_template,
    }),
    session: compact({
      declared: session !== undefined,
      nameTemplate: session?.name_template,
      workingDirectory: session?.working_directory,
      environment: session?.environment ?? {},
      windows: session?.windows ?? [],
      keep: session?.keep,
    }),
    requires: keys.requires ?? [],
    leases: file.leases,
  });
  return { definition, origins };
}

function resolveStep(step: FileStep, phase: CommandStep['phase'], index: number): CommandStep {
  const { keys } = step;
  const { form, args } = agentForm(step);
  return compact({
    index,
    phase,
    name: keys.name ?? keys.id ?? stepName(step.form.action),
    type: form.type,
    action: form.action,
    script: form.script,
    args,
    timeoutSeconds: keys.timeout,
    env: keys.env ?? {},
    credentials: keys.credentials,
    runIn: keys.run_in,
    continueOnError: keys.continue_on_error ?? false,
    when: keys.when,
    retry: step.retry && resolveRetry(step.retry),
    id: keys.id,
    workingDirectory: keys.working_directory,
  });
}

/** The builtin of that name is an agent step in other words: it names the program in its args. */
function agentForm({ keys, form }: FileStep): { form: { type: StepType; action: string; script?: string }; args: CommandStep['args'] } {
  const { args = {} } = keys;
  if (form.type !== 'builtin' || form.action !== 'prompt-agent') return { form, args };
  const { agent, ...others } = args;
  return { form: { type: 'agent', action: typeof agent === 'string' ? agent.trim() : '' }, args: others };
}

/** The `default` policy of the daemon's own retries. */
function resolveRetry(retry: FileRetry): StepRetry {
  return compact({
    maxAttempts: retry.max_attempts ?? 3,
    initialBackoffMs: retry.initial_backoff_ms ?? 100,
    multiplier: retry.multiplier ?? 2,
    maxBackoffMs: retry.max_backoff_ms ?? 10_000,
    jitter: retry.jitter ?? 0.5,
    on: retry.on,
  });
}

function resolveSchedule(schedule: FileSchedule): CommandSchedule {
  const { cron = '', timezone, arguments: given = {}, overlap = 'skip' } = schedule;
  return compact({ cron, timezone, arguments: given, overlap });
}

const stepNameChars = 80;

function stepName(action: string): string {
  const line = action.trim().split('\n', 1)[0] ?? '';
  if (line === '') return 'script';
  return line.length > stepNameChars ? `${line.slice(0, stepNameChars - 1)}…` : line;
}

function resolveArgument({ keys }: FileArgument): CommandArgument {
  const type = keys.type ?? 'string';
  const value = (raw: unknown, as: CommandArgument['type']) => {
    const coerced = coerce(as, asDeclared(as, raw));
    return 'value' in coerced ? coerced.value : undefined;
  };
  return compact({
    name: keys.name,
    type,
    required: keys.required ?? false,
    default: keys.default === undefined ? undefined : value(keys.default, type),
    choices: keys.choices?.map((raw) => value(raw, choiceType(type))).filter((choice) => choice !== undefined),
    description: keys.description,
    secret: keys.secret ?? false,
  });
}

/** The choices of a list are its possible items. */
export function choiceType(type: CommandArgument['type']): CommandArgument['type'] {
  return type === 'list' ? 'string' : type;
}

/** A default or choice as its type reads it: text types take it as it is written, so that `1.10` stays "1.10". */
export function asDeclared(type: CommandArgument['type'], raw: unknown): unknown {
  if (type === 'list' && Array.isArray(raw)) return raw.map(asText);
  return type === 'string' || type === 'path' || type === 'list' ? asText(raw) : asData(raw);
}
