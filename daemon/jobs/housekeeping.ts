// Work nobody asks for: what is old goes, and free space is given back. Nothing depends on it, so a failure waits for the next time.
import type { Log } from '../kernel/log.ts';
import type { UpkeepService } from '../upkeep/service.ts';

export interface HouseworkDeps {
  readonly upkeep: Pick<UpkeepService, 'keepHouse'>;
  readonly log: Log;
  /** Aborted when the daemon stops. */
  readonly signal: AbortSignal;
}

export async function houseworkTick({ upkeep, log, signal }: HouseworkDeps): Promise<void> {
  try {
    const { removed, archived, purged, freedBytes } = await upkeep.keepHouse({ dryRun: false, gently: true, signal });
    const counts = [...Object.values(removed), archived.sessions, purged.sessions, freedBytes];
    if (counts.some((count) => count > 0)) log.info({ removed, archived, purged, freedBytes }, 'housekeeping removed what was old');
  } catch (error) {
    if (signal.aborted) return;
    log.error({ err: error }, 'housekeeping failed; it is tried again at its next time');
  }
}
