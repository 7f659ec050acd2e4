import type { StreamItem } from '../../../index.ts';
import { plainLine } from './plain.ts';

const longestData = 400;

/** One line of the log; undefined for what comes too often to be read by anybody. */
export function eventLine(item: StreamItem): string | undefined {
  if (item.type === 'thread.activity' || item.type === 'session.outputGrew') return undefined;
  if (!('subject' in item)) {
    const { type, ...rest } = item;
    return `${type} ${plainLine(JSON.stringify({ ...rest, sessions: undefined }), longestData)}`;
  }
  const { at, type, subject, actor, data } = item;
  const about = Object.values(subject).join(' ');
  return plainLine(
    [at, type, about, actor, plainLine(JSON.stringify(data), longestData)].filter((part) => part !== '').join(' '),
    2 * longestData,
  );
}
