import type { Attention } from '../../schemas/attention.ts';
import { isoTime } from '../kernel/clock.ts';
import type { AttentionRecord } from '../store/tables/attention.ts';

export function attentionView({ raisedAt, clearedAt, ...record }: AttentionRecord): Attention {
  return { ...record, raisedAt: isoTime(raisedAt), ...(clearedAt === undefined ? {} : { clearedAt: isoTime(clearedAt) }) };
}
