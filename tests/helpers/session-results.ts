// What a session left, in the form that tests compare.
import type { RealDaemon, SessionRecord } from './real-daemon.ts';

/** The steps of the command, each as its phase, its status and its reason. */
export function stepStates({ stepRuns }: SessionRecord): string[] {
  return stepRuns
    .filter(({ phase }) => phase !== 'lifecycle')
    .map(({ phase, status, reason }) => [phase, status, reason].filter(Boolean).join(' '));
}

export async function artifactText(daemon: RealDaemon, session: string, path: string): Promise<string> {
  const { artifacts } = await daemon.client.artifact.list({ session, limit: 200 });
  const artifact = artifacts.find((one) => one.path === path);
  if (artifact === undefined) throw new Error(`no artifact ${path} among ${artifacts.map((one) => one.path).join(', ')}`);
  return (await daemon.client.artifact.read({ id: artifact.id })).data;
}
