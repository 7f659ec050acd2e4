import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folders of a session's artifacts. */
export const artifactFolders = ['logs', 'outputs', 'prompts', 'specs', 'meta'] as const;

export function makeArtifactFolders(artifactDir: string): void {
  for (const folder of artifactFolders) mkdirSync(join(artifactDir, folder), { recursive: true, mode: 0o700 });
}

/** `logs/003-<slug>.log`: safe for any step text. */
export function logPathOf(artifactDir: string, index: number, name: string): string {
  return join(artifactDir, 'logs', `${String(index).padStart(3, '0')}-${slug(name)}.log`);
}

/** Where a step publishes values. */
export function outputFileOf(artifactDir: string, stepRunId: string): string {
  return join(artifactDir, 'meta', `${stepRunId}.out`);
}

export function contextFileOf(artifactDir: string): string {
  return join(artifactDir, 'meta', 'context.json');
}

/** The prompt of the command, rendered. */
export function promptFileOf(artifactDir: string): string {
  return join(artifactDir, 'prompts', 'prompt.md');
}

/** A prompt that only one step has. */
export function stepPromptOf(artifactDir: string, index: number, name: string): string {
  return join(artifactDir, 'prompts', `${String(index).padStart(3, '0')}-${slug(name)}.md`);
}

/** What an agent answered. */
export function answerPathOf(artifactDir: string, index: number, name: string): string {
  return join(artifactDir, 'outputs', `${String(index).padStart(3, '0')}-${slug(name)}.md`);
}

/** At most 60 characters of [a-z0-9-]. */
export function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60);
  return plain.replaceAll(/^-+|-+$/g, '') || 'step';
}
