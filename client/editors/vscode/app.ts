// What commands and notifications get.
import { window } from 'vscode';
import { formatError } from '../../cli/format-error.ts';
import type { Client } from '../../index.ts';
import type { Documents } from './documents.ts';
import { plainLine } from './model/plain.ts';
import type { World } from './model/world.ts';
import type { OutputFollower } from './output-follower.ts';
import type { TextChannel } from './text-channel.ts';

export interface App {
  readonly world: World;
  readonly documents: Documents;
  readonly output: OutputFollower;
  readonly log: TextChannel;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws a sentence while no daemon answers. */
  client(): Client;
}

/** Says what went wrong, in one sentence; the log has all of it. */
export function tellError({ log }: Pick<App, 'log'>, error: unknown): void {
  const text = formatError(error);
  log.lines(text);
  void window.showErrorMessage(plainLine(text.split('\n')[0] ?? text));
}

/** For what nobody waits for: an error is told, never lost. */
export function inBackground(app: Pick<App, 'log'>, work: Promise<unknown>): void {
  work.catch((error: unknown) => tellError(app, error));
}
