// A configuration service over a file that is only a text, with a real store and everything it tells kept.

import { type ConfigSources, loadConfig } from '../../../daemon/config/load.ts';
import { createConfigService } from '../../../daemon/config/service.ts';
import { createLog } from '../../../daemon/kernel/log.ts';
import type { FileStat } from '../../../daemon/tools/files.ts';
import type { Config } from '../../../schemas/config.ts';
import { openTestStore } from '../../helpers/open-store.ts';

export const path = '/c/config.toml';

interface Options {
  readonly text?: string;
  readonly env?: Record<string, string>;
  readonly named?: boolean;
  /** Begin in safe mode on this tree. */
  readonly snapshot?: ConfigSources['snapshot'];
}

export async function setUp({ text, env = {}, named = false, snapshot }: Options = {}) {
  const opened = openTestStore();
  const lines: string[] = [];
  const files = new Map<string, string>();
  if (text !== undefined) files.set(path, text);
  let busy = false;
  let changes = 0;
  const snapshots: Config[] = [];
  const statOf = (file: string): FileStat | undefined => {
    const found = files.get(file);
    return found === undefined ? undefined : { kind: 'file', sizeBytes: found.length, modifiedMs: 0, changedMs: 0, inode: found.length };
  };
  const sources: ConfigSources = snapshot === undefined ? { env, ...(text === undefined ? {} : { user: { path, text } }) } : { snapshot };
  const config = createConfigService({
    store: opened.store,
    log: createLog('trace', (line) => void lines.push(line)).log,
    files: {
      stat: async (file) => statOf(file),
      readFile: async (file) => {
        const found = files.get(file);
        return found === undefined ? undefined : Buffer.from(found);
      },
    },
    file: { path, named },
    fixed: { env },
    initial: { loaded: await loadConfig(sources), sources },
    isBusy: () => busy,
    onFileChanged: () => {
      changes += 1;
    },
    saveSnapshot: (loaded) => void snapshots.push(loaded.config),
  });
  return {
    ...{ config, env, lines, files, snapshots },
    /** Writes the file, or removes it, and tells the service as a watch would. */
    async edit(next: string | undefined) {
      if (next === undefined) files.delete(path);
      else files.set(path, next);
      await config.fileTouched('daemon');
    },
    get busy(): boolean {
      return busy;
    },
    set busy(value: boolean) {
      busy = value;
    },
    get changes() {
      return changes;
    },
    events: () =>
      opened.store.read((r) => r.events.page(0, 100)).map(({ text }) => JSON.parse(text) as { type: string; actor: string; data: object }),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}
