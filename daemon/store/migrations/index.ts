import type { Migration } from '../migrate.ts';
import { migration001 } from './001-first.ts';

/** In order, by hand: two branches that add the same number collide here and not in somebody's database. */
export const migrations: readonly Migration[] = [migration001];
