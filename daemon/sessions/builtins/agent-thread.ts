import type { Builtin } from './builtin.ts';

/** The session is the work of an agent that runs elsewhere: it lasts until whoever drives that agent tells its end. */
export const agentThread: Builtin = async ({ context, signal, print }, { driven }) => {
  print('an agent works here; see the transcript of its thread');
  await driven.untilEnded(context.session.id, signal);
  return undefined;
};
