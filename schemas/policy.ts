import { z } from 'zod';
import { key } from './config-key.ts';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { AbsolutePath, Id, NextCursor, page, Ref, Time } from './primitives.ts';

const Text = z.string().min(1).max(4_096);
const entries = <S extends z.ZodType>(entry: S) => z.array(entry).max(limits.policyEntries);

/** What allows must be one certain program: a name that any folder can hold proves nothing, so a name has no wildcard. */
const AllowedProgram = Text.refine(
  (text) => text.startsWith('/') || !/[/*?[\]]/.test(text),
  'must be a name without wildcards, or an absolute path, which may have them',
);
const DeniedProgram = Text.refine((text) => text.startsWith('/') || !text.includes('/'), 'must be a name or an absolute path');
const Root = Text.refine((text) => text.startsWith('/'), 'must be an absolute path');
const bytes = (megabytes: number) =>
  z
    .int()
    .min(0)
    .default(megabytes * 1_000_000);

/** `[policy]` of the user's own configuration. A project's file cannot set any of it. The key that decides is the id of the rule. */
export const PolicyConfig = z
  .strictObject({
    allow_executables: key(
      entries(AllowedProgram).optional(),
      "Programs that steps, terminals and hooks may be: names on the daemon's PATH, or absolute globs of real paths. Absent: all.",
      { reload: 'live' },
    ),
    deny_executables: key(entries(DeniedProgram).default([]), 'Programs that none of them may be: names or absolute globs.', {
      reload: 'live',
    }),
    allow_environment: key(entries(Text).optional(), 'Names of variables, as globs, that a client passes on to steps. Absent: all.', {
      reload: 'live',
    }),
    deny_environment: key(entries(Text).default([]), 'Names of variables, as globs, that no step gets and no command sets.', {
      reload: 'live',
    }),
    working_directories: key(
      entries(Root).optional(),
      'Folders in which projects and working directories lie, links resolved; worktrees of the daemon are always inside. Absent: anywhere.',
      { reload: 'live' },
    ),
    max_sessions: key(z.int().min(1).max(100_000).optional(), 'Sessions that have not ended, waiting ones too; one more is refused.', {
      reload: 'live',
    }),
    max_runtime: key(z.number().min(1).max(604_800).optional(), 'Seconds that a session may take, whatever its command says.', {
      reload: 'live',
    }),
    artifact_soft_bytes: key(bytes(25), 'Artifacts of a session, logs left out: from here on it is noted.', { reload: 'live' }),
    artifact_warn_bytes: key(bytes(45), 'From here on an event warns.', { reload: 'live' }),
    artifact_hard_bytes: key(bytes(50), 'What would go beyond is refused.', { reload: 'live' }),
  })
  .refine(({ artifact_soft_bytes: soft, artifact_warn_bytes: warn, artifact_hard_bytes: hard }) => soft <= warn && warn <= hard, {
    path: ['artifact_warn_bytes'],
    message: 'must lie between artifact_soft_bytes and artifact_hard_bytes',
  });
export type PolicyConfig = z.output<typeof PolicyConfig>;

export const policyRules = [
  'allow_executables',
  'deny_executables',
  'allow_environment',
  'deny_environment',
  'working_directories',
  'max_sessions',
  'max_runtime',
  'artifact_soft_bytes',
  'artifact_warn_bytes',
  'artifact_hard_bytes',
] as const satisfies readonly (keyof PolicyConfig)[];
export type PolicyRuleId = (typeof policyRules)[number];

const outcomes = ['allow', 'warn', 'deny'] as const;
const RuleId = z.enum(policyRules).describe('The key of [policy] that decided.');

export const PolicyDecision = z.object({
  decision: z.enum(outcomes),
  ruleId: RuleId,
  message: z.string(),
  fix: z.string().optional().describe('What to do about a warning or denial.'),
});
export type PolicyDecision = z.infer<typeof PolicyDecision>;

const KeptDecision = PolicyDecision.extend({
  id: Id,
  at: Time,
  actor: z.string(),
  projectId: Id.optional(),
  sessionId: Id.optional().describe('Absent when the start of a session was refused.'),
  stepRunId: Id.optional(),
}).meta({ id: 'PolicyDecision' });
export type KeptDecision = z.infer<typeof KeptDecision>;

export const policyMethods = {
  'policy.explain': defineMethod({
    summary: 'What policy says of each thing that is named, and the rules in force; nothing is kept.',
    access: 'read',
    effect: 'read',
    params: {
      executable: z.string().min(1).max(4_096).optional().describe("A program, by name on the daemon's PATH or by path."),
      env: z.string().min(1).max(256).optional().describe('The name of a variable that a client would pass on.'),
      path: AbsolutePath.optional().describe('A working directory.'),
      timeoutSeconds: z.number().min(0).optional().describe('Of a command; 0 is none.'),
      artifactBytes: z.int().min(0).optional().describe('Of all artifacts of a session, logs left out.'),
    },
    result: z.object({
      decisions: z.array(PolicyDecision).describe('In the order of the parameters.'),
      rules: z.array(z.object({ ruleId: RuleId, setting: z.unknown().describe('null: not set.') })),
    }),
  }),
  'policy.listDecisions': defineMethod({
    summary: 'Warnings and denials that were kept, newest first.',
    access: 'read',
    effect: 'read',
    params: {
      ...page,
      session: Ref.optional().describe('Session id or slug.'),
      decision: z.enum(['warn', 'deny']).optional(),
    },
    result: z.object({ decisions: z.array(KeptDecision), nextCursor: NextCursor }),
  }),
};

const told = z.object({
  decisionId: Id,
  ruleId: RuleId,
  message: z.string(),
  fix: z.string().optional(),
  stepRunId: Id.optional(),
});

export const policyEvents = {
  'policy.denied': defineEvent({ summary: 'Policy refused something before it began.', data: told }),
  'policy.warned': defineEvent({ summary: 'Policy let something pass with a warning; told once a session and rule.', data: told }),
};
