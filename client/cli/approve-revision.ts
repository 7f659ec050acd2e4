import type { ParamsOf, SpecTask } from '../../schemas/index.ts';
import type { Client } from '../client.ts';

/** Approves one exact revision and starts the work, unless further approvals are missing or `start` is false. */
export async function approveRevision(
  client: Client,
  { start, ...what }: ParamsOf<'specTask.approve'> & { start: boolean },
): Promise<SpecTask> {
  const approved = await client.specTask.approve(what);
  if (approved.status !== 'spec_approved' || !start) return approved;
  return (await client.specTask.startImplementation({ id: approved.id, revision: what.revision })).specTask;
}
