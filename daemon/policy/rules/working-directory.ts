import { sep } from 'node:path';
import type { Rule } from '../question.ts';

/** The directory, links resolved, is one of the roots or lies below one. */
export const workingDirectory: Rule = (question, { working_directories: configured }) => {
  if (question.about !== 'directory' || configured === undefined) return undefined;
  const { named, realPath, roots } = question;
  const ruleId = 'working_directories';
  const inside = realPath !== undefined && roots.some((root) => realPath === root || realPath.startsWith(root === sep ? sep : root + sep));
  if (inside) return { decision: 'allow', ruleId, message: `The directory "${named}" lies inside of a root.` };
  const where = realPath === undefined ? ', which does not exist,' : realPath === named ? '' : ` (${realPath})`;
  return {
    decision: 'deny',
    ruleId,
    message: `The directory "${named}"${where} lies outside of all roots.`,
    fix: 'Work inside of one of policy.working_directories, or add a root to it.',
  };
};
