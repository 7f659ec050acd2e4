// What the agent of a work session is told first. Plain text: the same for every agent.
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';
import type { RevisionRecord } from '../store/tables/reviews.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';

export interface ItemPromptFacts {
  readonly specTask: Pick<SpecTaskRecord, 'name' | 'prompt'>;
  readonly item: Pick<ImplTaskRecord, 'label' | 'title' | 'description' | 'acceptance' | 'files' | 'verify'>;
  /** Absent when planning was skipped. */
  readonly revision?: Pick<RevisionRecord, 'requirements' | 'design'> | undefined;
  readonly isWhole: boolean;
}

export function itemPrompt({ specTask, item, revision, isWhole }: ItemPromptFacts): string {
  const parts = [
    isWhole ? `# ${specTask.name}\n\n${specTask.prompt}` : `# ${item.label}. ${item.title}\n\n${item.description}`,
    list('It is done when', item.acceptance),
    list('Files', item.files),
    list('These commands must pass', item.verify),
    isWhole ? '' : `## The request this is a part of\n\n${specTask.prompt}`,
    section('Requirements', revision?.requirements),
    section('Design', revision?.design),
    [
      '## How to work',
      '',
      'Work in the current directory only: it is a git worktree of your own, on a branch of your own. Others work on the other parts at the same time.',
      isWhole ? 'Do the whole request.' : 'Do this part only.',
      'Commit your work with a clear message. Do not push, merge or switch branches: that is done for you when you are finished.',
    ].join('\n'),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `## ${title}\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

function section(title: string, text: string | undefined): string {
  return text === undefined || text.trim() === '' ? '' : `## ${title}\n\n${text.trim()}`;
}
