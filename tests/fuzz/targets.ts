import { commandsTarget } from './commands.ts';
import { configTarget } from './config.ts';
import { framesTarget } from './frames.ts';
import { namesTarget } from './names.ts';
import { plansTarget } from './plans.ts';
import type { FuzzTarget } from './target.ts';

export const targets: readonly FuzzTarget[] = [framesTarget, commandsTarget, plansTarget, configTarget, namesTarget];
