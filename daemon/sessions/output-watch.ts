// Tells that output grows, to those who follow it: one watch a followed session, one timer for all of them.
import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { EphemeralEvent, Feed } from '../events/feed.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import { smallFiles } from '../tools/small-files.ts';

/**
 * Between two looks at what has grown, in ms. What grows after a rest is told at once; where hundreds of terminals print, what they print
 * meanwhile is looked at together, and what one client follows goes out in one write.
 */
const restMs = 50;

type Tell = (event: EphemeralEvent) => void;

export interface OutputWatch {
  /** Tells of growing output of a session until the returned function is called. */
  follow(session: SessionRecord, tell: Tell): () => void;
}

interface Followed {
  readonly watcher: FSWatcher;
  /** They are told themselves: hundreds of others would each have to find out that it is not for them. */
  readonly followers: Set<Tell>;
}

export interface OutputWatchDeps {
  readonly store: Store;
  readonly feed: Pick<Feed, 'emit' | 'lastSeq'>;
  readonly clock: Clock;
}

export function createOutputWatch({ store, feed, clock }: OutputWatchDeps): OutputWatch {
  const followed = new Map<string, Followed>();
  /** How to tell of each file that grew since the last look. */
  const grown = new Map<string, () => Promise<void>>();
  /** A file on a network disk may keep its own look waiting, and nobody else's. */
  const busy = new Set<string>();
  let scheduled = false;
  let lookedAt = Number.NEGATIVE_INFINITY;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    clock.after(Math.max(0, lookedAt + restMs - clock.monotonicMs()), look);
  };
  const look = (): void => {
    scheduled = false;
    lookedAt = clock.monotonicMs();
    for (const [path, tell] of grown) {
      if (busy.has(path)) continue;
      grown.delete(path);
      busy.add(path);
      void tell().finally(() => {
        busy.delete(path);
        if (grown.has(path)) schedule();
      });
    }
  };
  const begin = (session: SessionRecord): Followed => {
    const folder = join(session.artifactDir, 'logs');
    const followers = new Set<Tell>();
    const stepWriting = createStepLookUp({ store, feed }, session.id);
    const subject = { projectId: session.projectId, sessionId: session.id };
    const tell = async (path: string): Promise<void> => {
      if (followers.size === 0) return;
      const step = stepWriting(path);
      const size = await smallFiles.stat(path).then(
        (found) => found.size,
        () => 0,
      );
      if (!step) return;
      const data = { stepRunId: step.id, index: step.index, size: Math.max(0, size - step.outputOffset) };
      feed.emit({ type: 'session.outputGrew', subject, actor: 'daemon', data }, followers);
    };
    // A session in the queue has no folder yet.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const watcher = watch(folder, { persistent: false }, (_, file) => {
      if (file === null) return;
      const path = join(folder, file);
      grown.set(path, () => tell(path));
      schedule();
    });
    // The output can be read without it; a watch that breaks only stops telling.
    watcher.on('error', () => undefined);
    return { watcher, followers };
  };
  return {
    follow(session, tell) {
      if (session.endedAt !== undefined) return () => {};
      const entry = followed.get(session.id) ?? begin(session);
      followed.set(session.id, entry);
      entry.followers.add(tell);
      return () => {
        if (!entry.followers.delete(tell) || entry.followers.size > 0) return;
        entry.watcher.close();
        followed.delete(session.id);
      };
    },
  };
}

/** Which step writes where changes with a logged event only, and a program that prints brings none. */
function createStepLookUp({ store, feed }: Pick<OutputWatchDeps, 'store' | 'feed'>, sessionId: string) {
  const lookUp = (path: string) => store.read((r) => r.steps.writingTo(sessionId, path));
  const known = new Map<string, { readonly asOf: number; readonly step: ReturnType<typeof lookUp> }>();
  return (path: string): ReturnType<typeof lookUp> => {
    const asOf = feed.lastSeq();
    const before = known.get(path);
    if (before?.asOf === asOf) return before.step;
    const step = lookUp(path);
    known.set(path, { asOf, step });
    return step;
  };
}
