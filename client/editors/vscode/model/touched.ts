// Which rows an event is about. Rows are read anew, never put together from events: what is shown is what the daemon says.
import type { StreamItem } from '../../../index.ts';

export type Touched =
  | { readonly kind: 'everything' }
  | { readonly kind: 'projects' }
  | { readonly kind: 'session' | 'specTask' | 'workSession' | 'attention'; readonly id: string };

/** Events that change nothing of what is shown. */
const unseen: readonly string[] = ['session.dataSet', 'session.outputGrew', 'thread.activity'];

export function touchedBy(item: StreamItem): Touched[] {
  if (item.type === 'stream.fresh' || item.type === 'stream.gap') return [{ kind: 'everything' }];
  if (!('subject' in item) || unseen.includes(item.type)) return [];
  const noun = item.type.slice(0, item.type.indexOf('.'));
  const { sessionId, specTaskId, workSessionId } = item.subject;
  const session: Touched[] = sessionId === undefined ? [] : [{ kind: 'session', id: sessionId }];
  const work: Touched[] = workSessionId === undefined ? [] : [{ kind: 'workSession', id: workSessionId }];
  const task: Touched[] = specTaskId === undefined ? [] : [{ kind: 'specTask', id: specTaskId }];
  switch (noun) {
    case 'project':
      return [{ kind: 'projects' }];
    case 'session':
    case 'step':
    case 'retry':
    case 'terminal':
      return session;
    case 'specTask':
    case 'implTask':
      return task;
    case 'workSession':
      return [...work, ...task];
    case 'thread':
      return work;
    case 'attention':
      return attentionOf(item.data);
    default:
      return [];
  }
}

function attentionOf(data: object): Touched[] {
  const { attentionId } = data as { attentionId?: string };
  return attentionId === undefined ? [] : [{ kind: 'attention', id: attentionId }];
}
