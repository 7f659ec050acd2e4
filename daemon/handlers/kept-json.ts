import { JsonText } from '../../rpc/bind.ts';
import type { Store } from '../store/store.ts';

const keptAnswers = 256;

/** Answers as JSON, kept until anything is committed: clients that ask the same again cost neither rows nor serialising. */
export function createKeptJson(store: Store): (key: string, make: () => unknown) => JsonText {
  const kept = new Map<string, JsonText>();
  let commits = -1;
  return (key, make) => {
    if (commits !== store.commits) {
      kept.clear();
      commits = store.commits;
    }
    const known = kept.get(key);
    if (known) return known;
    const text = new JsonText(JSON.stringify(make()));
    if (kept.size < keptAnswers) kept.set(key, text);
    return text;
  };
}
