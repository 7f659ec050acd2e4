import { byDaemon } from '../../kernel/origin.ts';
import type { Builtin } from './builtin.ts';

/** Indexes every file in the artifact directory. */
export const storeArtifacts: Builtin = async ({ context, print }, { artifacts }) => {
  const count = await artifacts.index(context.session, byDaemon.actor);
  print(`${count} artifacts indexed`);
  return undefined;
};
