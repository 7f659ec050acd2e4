// What a planner is told. Plain text: the same for every agent.
import type { PlanDiagnostic } from '../../../schemas/plan.ts';
import type { CommentRecord, RevisionRecord } from '../../store/tables/reviews.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';

export const documentFolder = 'specs';

const form = [
  '## Task 1: A short title',
  '',
  'What is to be done, and how.',
  '',
  'Acceptance:',
  '- one thing that can be checked',
  '- another one',
  'Effort: small',
  'Dependencies: none',
  'Files: `path/of/a/file`',
  'Verify: `a command that proves it`',
].join('\n');

const howTo = [
  '## What to write',
  '',
  'Work in the current directory only: it is a git worktree of your own. Look at the code first. Change no source now; write three files:',
  '',
  `- \`${documentFolder}/requirements.md\`: what must hold in the end, seen from outside, each in a sentence that can be checked.`,
  `- \`${documentFolder}/design.md\`: how it will be built, which files change, and what was decided against.`,
  `- \`${documentFolder}/plan.md\`: the tasks. Several people carry them out at the same time, each in a worktree of their own, so cut them such that they touch different files, and say what depends on what.`,
  '',
  'Write each task of the plan in this form; the number is its label, and "Dependencies" names labels:',
  '',
  '```markdown',
  form,
  '```',
  '',
  'Effort is small, medium or large. A small request is one task.',
  '',
  '## How to hand it in',
  '',
  `Commit the three files, then run \`coppice task submit\` in this directory. It tells what is wrong with the plan, should anything be. Without that program just end your turn: the files in \`${documentFolder}/\` are taken as they are. A human reads them before anything is built.`,
].join('\n');

export function planningPrompt({ name, prompt }: Pick<SpecTaskRecord, 'name' | 'prompt'>): string {
  return [`# Plan: ${name}`, prompt, howTo].join('\n\n');
}

/** All that is open, as one prompt. */
export function revisionPrompt(revision: Pick<RevisionRecord, 'number'>, comments: readonly CommentRecord[]): string {
  return [
    `# Revision ${revision.number} needs changes`,
    commentsText(comments),
    `Change the files in \`${documentFolder}/\` accordingly, commit them, and hand them in again by \`coppice task submit\`, or end your turn. What you do not agree with, say in the documents.`,
  ].join('\n\n');
}

/** For a planner that knows nothing of what was before. */
export function planAgainPrompt(task: SpecTaskRecord, revision: RevisionRecord, comments: readonly CommentRecord[]): string {
  return [planningPrompt(task), `The former plan:\n\n${revision.plan}`, revisionPrompt(revision, comments)].join('\n\n');
}

export function commentsText(comments: readonly CommentRecord[]): string {
  return comments.map(commentText).join('\n\n');
}

export function correctionPrompt(reason: string): string {
  return [
    '# Your plan could not be taken',
    reason,
    `Correct it in \`${documentFolder}/plan.md\`, commit it, and hand it in again by \`coppice task submit\`, or end your turn.`,
  ].join('\n\n');
}

export function diagnosticsText(diagnostics: readonly PlanDiagnostic[]): string {
  return diagnostics
    .filter(({ level }) => level === 'error')
    .map(({ line, code, message }) => `- line ${line}: ${code.replaceAll('_', ' ')}: ${message}`)
    .join('\n');
}

function commentText({ document, section, line, quote, body, blocking, replies }: CommentRecord): string {
  const place = [document, section, line === undefined ? undefined : `line ${line}`].filter((part) => part !== undefined).join(', ');
  return [
    `## On ${place}${blocking ? '' : ' (a remark)'}`,
    ...(quote === undefined ? [] : [quote.replaceAll(/^/gm, '> ')]),
    body,
    ...replies.map(({ author, body: said }) => `${author}: ${said}`),
  ].join('\n\n');
}
