import { isFailure } from '../../schemas/errors.ts';
import { type HandlersOf, originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

type DatabaseMethod = 'daemon.dbStatus' | 'daemon.dbVacuum' | 'daemon.dbBackup' | 'daemon.dbCheck';

export function databaseHandlers({ upkeep }: Services): Pick<HandlersOf<'daemon'>, DatabaseMethod> {
  return {
    'daemon.dbStatus': () => upkeep.status(),
    'daemon.dbVacuum': async ({ dryRun }, call) => {
      const { actor } = originOf(call);
      const { problems, ...result } = await upkeep.keepHouse({ dryRun, gently: false, signal: call.signal }, { actor });
      return { dryRun, ...result, problems: problems.map(({ about, error }) => `${about}: ${messageOf(error)}`) };
    },
    'daemon.dbBackup': ({ path }, call) => upkeep.backUp(path, call.signal),
    'daemon.dbCheck': (_, call) => upkeep.check(call.signal),
  };
}

/** The message of a bug is for the log alone. */
function messageOf(error: unknown): string {
  return isFailure(error) ? error.message : 'it failed by a bug; the log tells more';
}
