// What the daemon itself writes into the artifacts of a session: its definition, its record and its prompt.
import { join } from 'node:path';
import { definitionText } from '../commands/definition-text.ts';
import { renderTemplate, type TemplateLookup } from '../commands/template.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import { writeWhole } from '../tools/write-whole.ts';
import { snapshotOf } from './context.ts';
import { hasEnded, type Verdict } from './machine.ts';
import { promptFileOf } from './paths.ts';
import { sessionView, stepViews } from './view.ts';

/** By what they were made from: the same command is started again and again, and its YAML takes milliseconds to make. */
const texts = new Map<string, string>();
const textsAtMost = 8;

export function writeDefinition(session: SessionRecord): void {
  writeWhole(join(session.artifactDir, 'meta', 'definition.yaml'), texts.get(session.definition) ?? newText(session));
}

function newText(session: SessionRecord): string {
  const text = definitionText(snapshotOf(session).definition);
  if (texts.size >= textsAtMost) texts.clear();
  texts.set(session.definition, text);
  return text;
}

/** The record of a session with its steps and shared data, secrets masked; how it ends before the rows say so. */
export function writeSessionRecord(store: Store, sessionId: string, ended?: { verdict: Verdict; at: number }): void {
  const found = store.read((r) => {
    const session = r.sessions.get(sessionId);
    if (!session || hasEnded(session.status)) return undefined;
    const { verdict, at } = ended ?? {};
    const end = verdict === undefined ? {} : { status: verdict.status, reason: verdict.reason, error: verdict.error };
    const view = { ...sessionView(r, session), ...end, ...(at === undefined ? {} : { endedAt: isoTime(at) }) };
    const sharedData = r.sessions.sharedData(sessionId);
    return { artifactDir: session.artifactDir, content: { ...view, sharedData, stepRuns: stepViews(r, sessionId) } };
  });
  if (found) writeWhole(join(found.artifactDir, 'meta', 'session.json'), `${JSON.stringify(found.content, null, 2)}\n`);
}

/** Without a lookup the text is no template. */
export function writePrompt(artifactDir: string, source: string, lookup: TemplateLookup | undefined): void {
  const rendered = lookup === undefined ? source : renderTemplate(source, lookup);
  if (lookup !== undefined) writeWhole(join(artifactDir, 'prompts', 'prompt.source.md'), source);
  writeWhole(promptFileOf(artifactDir), rendered);
}
