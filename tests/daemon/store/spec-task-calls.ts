// Each method of the readers of spec tasks, with arguments that clients can bring about.
import type { Reader } from '../../../daemon/store/store.ts';
import { idOf, projectId } from '../../helpers/open-store.ts';

const task = idOf('spt', 1);
const last = '~';

type Names =
  | 'specTasks'
  | 'reviews'
  | 'implTasks'
  | 'workSessions'
  | 'instances'
  | 'threads'
  | 'prompts'
  | 'permissions'
  | 'messages'
  | 'sharedState'
  | 'attention';

export const growingSpecTaskTables = [
  'spec_tasks',
  'spec_revisions',
  'review_comments',
  'impl_tasks',
  'work_sessions',
  'instances',
  'threads',
  'prompts',
  'permissions',
  'messages',
  'message_deliveries',
  'shared_state',
  'attention',
];

export const specTaskCalls: { readonly [N in Names]: { readonly [M in keyof Reader[N]]: (reader: Reader[N]) => void } } = {
  specTasks: {
    get: (r) => void r.get(task),
    byNumber: (r) => void r.byNumber(projectId, 1),
    nextNumber: (r) => void r.nextNumber(projectId),
    list(r) {
      for (const filter of [{}, { projectId }, { statuses: ['done'] as const }, { projectId, statuses: ['done', 'backlog'] as const }])
        r.list({ ...filter, archived: false }, last, 10);
    },
    live: (r) => void r.live(),
    inStatus: (r) => void r.inStatus('implementation'),
  },
  reviews: {
    revision: (r) => void r.revision(task, 1),
    newest: (r) => void r.newest(task),
    revisions: (r) => void r.revisions(task),
    comment: (r) => void r.comment('x'),
    comments(r) {
      r.comments(task, undefined, last, 10);
      r.comments(task, 'open', last, 10);
    },
    openComments: (r) => void r.openComments(task),
    countComments: (r) => void r.countComments(task),
  },
  implTasks: { get: (r) => void r.get('x'), ofSpecTask: (r) => void r.ofSpecTask(task) },
  workSessions: {
    get: (r) => void r.get('x'),
    bySession: (r) => void r.bySession('x'),
    ofImplTask: (r) => void r.ofImplTask('x'),
    ofSpecTask: (r) => void r.ofSpecTask(task),
    children: (r) => void r.children('x'),
    live: (r) => void r.live(),
    list(r) {
      for (const filter of [{}, { specTaskId: task }, { projectId }, { parentId: 'x' }, { statuses: ['active'] as const }])
        r.list(filter, last, 10);
    },
  },
  instances: {
    get: (r) => void r.get('x'),
    liveOf: (r) => void r.liveOf(task),
    live: (r) => void r.live(),
    list(r) {
      r.list(undefined, false, last, 10);
      r.list(task, true, last, 10);
    },
  },
  threads: {
    get: (r) => void r.get('x'),
    ofWorkSession: (r) => void r.ofWorkSession('x'),
    planning: (r) => void r.planning(task),
    byExternalId: (r) => void r.byExternalId('x', 'y'),
    ofInstance: (r) => void r.ofInstance('x'),
    ofSpecTask: (r) => void r.ofSpecTask(task),
    list(r) {
      for (const filter of [{}, { instanceId: 'x' }, { specTaskId: task }]) r.list(filter, last, 10);
    },
  },
  prompts: {
    get: (r) => void r.get('x'),
    lastSent: (r) => void r.lastSent('x'),
    openOf: (r) => void r.openOf('x'),
    openOfWorkSession: (r) => void r.openOfWorkSession('x'),
    list: (r) => void r.list('x', last, 10),
  },
  permissions: {
    get: (r) => void r.get('x'),
    byKey: (r) => void r.byKey('x', 'y'),
    pendingOf: (r) => void r.pendingOf('x'),
    unsettledOf: (r) => void r.unsettledOf('x'),
    list(r) {
      for (const filter of [{}, { specTaskId: task }, { status: 'pending' }]) r.list(filter, last, 10);
    },
  },
  messages: {
    get: (r) => void r.get('x'),
    ofSpecTask: (r) => void r.ofSpecTask(task),
    list(r) {
      r.list({ specTaskId: task, open: false }, last, 10);
      r.list({ specTaskId: task, type: 'request', open: true }, last, 10);
    },
    count: (r) => void r.count(task),
    deliveries: (r) => void r.deliveries('x'),
    delivery: (r) => void r.delivery('x', 'y'),
    waiting: (r) => void r.waiting('x', ['queued'], 10),
    unanswered: (r) => void r.unanswered(task),
    due: (r) => void r.due(1, 10),
    nextDeadline: (r) => void r.nextDeadline(),
    countByType: (r) => void r.countByType(task),
    countByDelivery: (r) => void r.countByDelivery(task),
  },
  sharedState: { get: (r) => void r.get(task, 'x'), list: (r) => void r.list(task, '', 10), count: (r) => void r.count(task) },
  attention: {
    get: (r) => void r.get('x'),
    openOf: (r) => void r.openOf('review', 'x'),
    openAbout: (r) => void r.openAbout('x'),
    openOfSpecTask: (r) => void r.openOfSpecTask(task),
    list(r) {
      for (const filter of [{}, { projectId }, { specTaskId: task }]) r.list({ status: 'open', ...filter }, last, 10);
    },
  },
};
