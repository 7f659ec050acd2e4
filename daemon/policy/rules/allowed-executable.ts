import { matchesAny } from '../globs.ts';
import type { Rule } from '../question.ts';

/** The program, or the one that interprets it in the end, is a file that the list names. Its name alone counts for nothing. */
export const allowedExecutable: Rule = (question, { allow_executables: allowed }) => {
  if (question.about !== 'executable' || allowed === undefined) return undefined;
  const { named, chain, allowedFiles } = question;
  const globs = allowed.filter((entry) => entry.startsWith('/'));
  const ruleId = 'allow_executables';
  const runs = [chain.at(0), chain.at(-1)].flatMap((file) => file?.realPath ?? []);
  if (runs.some((path) => allowedFiles.has(path) || matchesAny(globs, path))) {
    return { decision: 'allow', ruleId, message: `The program "${named}" is allowed.` };
  }
  const [path] = runs;
  return {
    decision: 'deny',
    ruleId,
    message: `The program "${named}"${path === undefined ? ' was not found, so it' : path === named ? '' : ` (${path})`} is not allowed.`,
    fix: `Add ${path === undefined ? 'its path' : `"${path}"`} to policy.allow_executables, or use a program that is listed.`,
  };
};
