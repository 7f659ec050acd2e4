// Documents that are shown beside the code: a plan, a diff, conflicts. Plain text, sanitised.
import type { Attention, ResultOf, Revision, SpecTask } from '../../../../schemas/index.ts';
import { documents } from '../../../../schemas/task-words.ts';
import { plainLine, plainText } from './plain.ts';

export function planText({ number, name }: SpecTask, revision: Revision): string {
  const head = `Revision ${revision.number} of #${number} ${plainLine(name)}, ${revision.status.replaceAll('_', ' ')}, sha256 ${revision.sha256}`;
  const parts = documents
    .filter((document) => revision[document].trim() !== '')
    .map((document) => `${'='.repeat(20)} ${document}.md\n\n${plainText(revision[document]).trimEnd()}\n`);
  return `${head}\n\n${parts.join('\n')}`;
}

type Diff = Pick<ResultOf<'worktree.diff'>, 'untracked' | 'patch' | 'patchTruncated'>;

export function diffText({ untracked, patch = '', patchTruncated = false }: Diff): string {
  const lines = [
    ...untracked.map((path) => `# untracked: ${plainLine(path)}`),
    ...(patchTruncated ? ['# The change is too large to be shown whole.'] : []),
    ...(patch.trim() === '' && untracked.length === 0 ? ['# Nothing changed since the base.'] : []),
  ];
  return `${lines.map((line) => `${line}\n`).join('')}${plainText(patch)}`;
}

export function conflictsText({ branches, conflicts }: ResultOf<'worktree.predictConflicts'>): string {
  const told = conflicts.map(({ a, b, files }) =>
    [`${plainLine(a)} and ${plainLine(b)}:`, ...files.map((file) => `  ${plainLine(file)}`)].join('\n'),
  );
  return `${conflictsLine({ branches, conflicts })}\n${told.map((text) => `\n${text}\n`).join('')}`;
}

export function conflictsLine({ branches, conflicts }: ResultOf<'worktree.predictConflicts'>): string {
  const pairs = conflicts.length === 1 ? '1 pair' : `${conflicts.length} pairs`;
  return conflicts.length === 0
    ? `None of the ${branches.length} branches conflict.`
    : `${pairs} of ${branches.length} branches would conflict.`;
}

export function attentionText({ title, kind, detail, remedy, raisedAt }: Attention): string {
  const parts = [`${kind.replaceAll('_', ' ')}, since ${raisedAt}`, detail, remedy && `What to do: ${remedy}`];
  return `${plainLine(title)}\n${parts
    .filter((part) => part !== undefined)
    .map((part) => `\n${plainText(part)}\n`)
    .join('')}`;
}
