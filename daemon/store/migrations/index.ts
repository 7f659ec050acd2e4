import type { Migration } from '../migrate.ts';
import { migration001 } from './001-first.ts';
import { migration002 } from './002-commands-whole.ts';
import { migration003 } from './003-retention.ts';
import { migration004 } from './004-groups.ts';
import { migration005 } from './005-policy-and-logins.ts';
import { migration006 } from './006-spec-tasks.ts';

/** In order, by hand: two branches that add the same number collide here and not in somebody's database. */
export const migrations: readonly Migration[] = [migration001, migration002, migration003, migration004, migration005, migration006];
