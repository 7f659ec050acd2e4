// When spare worktrees are looked after: a moment after one may have been taken, so that a start has the machine for itself; and by the
// clock, since nobody tells that a branch moved.
import type { ConfigService } from '../config/service.ts';
import type { Store } from '../store/store.ts';
import type { Spares } from '../worktrees/spares.ts';

export interface TendSparesDeps {
  readonly store: Pick<Store, 'onEvents'>;
  readonly config: Pick<ConfigService, 'onChange'>;
  readonly spares: Pick<Spares, 'tend'>;
}

const occasions: readonly string[] = ['worktree.created', 'project.added'];
const afterMs = 1_500;

/** Answers how to end it. */
export function tendSpares({ store, config, spares }: TendSparesDeps): () => void {
  let timer: NodeJS.Timeout | undefined;
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void spares.tend();
    }, afterMs);
    timer.unref();
  };
  const ends = [store.onEvents((events) => events.some(({ type }) => occasions.includes(type)) && soon()), config.onChange(soon)];
  soon();
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}
