import { matchesAny } from '../globs.ts';
import type { Rule } from '../question.ts';

/** Denied names reach no step in any way. The list of what is allowed is about what clients pass on, not about what a command sets. */
export const environment: Rule = (question, { allow_environment: allowed, deny_environment: denied }) => {
  if (question.about !== 'variable') return undefined;
  const { name, how } = question;
  if (matchesAny(denied, name)) {
    return {
      decision: 'deny',
      ruleId: 'deny_environment',
      message: how === 'set' ? `The command sets the variable "${name}", which is denied.` : `The variable "${name}" is not passed on.`,
      fix: 'Do without it, or take it out of policy.deny_environment.',
    };
  }
  if (how === 'set' || allowed === undefined || matchesAny(allowed, name)) {
    const ruleId = how === 'set' || allowed === undefined ? 'deny_environment' : 'allow_environment';
    return { decision: 'allow', ruleId, message: `The variable "${name}" may be ${how === 'set' ? 'set' : 'passed on'}.` };
  }
  return {
    decision: 'deny',
    ruleId: 'allow_environment',
    message: `The variable "${name}" is not passed on.`,
    fix: 'Add it to policy.allow_environment, or let the command set it.',
  };
};
