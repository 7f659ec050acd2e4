import { basename } from 'node:path';
import type { ExecutableFile } from '../../tools/executables.ts';
import { matchesAny } from '../globs.ts';
import type { Rule } from '../question.ts';

/** No program of the chain is listed: neither by a name it was found or lies under, nor by its file. */
export const deniedExecutable: Rule = (question, { deny_executables: denied }) => {
  if (question.about !== 'executable' || denied.length === 0) return undefined;
  const { named, chain, deniedFiles } = question;
  const hit = chain.find((file) => deniedFiles.has(file.realPath) || isListed(denied, file));
  const ruleId = 'deny_executables';
  if (hit) {
    const where = hit.realPath === named ? '' : ` (${hit.realPath})`;
    return {
      decision: 'deny',
      ruleId,
      message: `The program "${named}"${where} is denied.`,
      fix: 'Use another program, or take it out of policy.deny_executables.',
    };
  }
  if (chain.length > 0) return { decision: 'allow', ruleId, message: `The program "${named}" is not denied.` };
  return {
    decision: 'deny',
    ruleId,
    message: `The program "${named}" was not found, so whether it is denied cannot be told.`,
    fix: 'Install it, or correct its name or the PATH of the step.',
  };
};

function isListed(denied: readonly string[], { path, realPath }: ExecutableFile): boolean {
  return [path, realPath, basename(path), basename(realPath)].some((text) => matchesAny(denied, text));
}
