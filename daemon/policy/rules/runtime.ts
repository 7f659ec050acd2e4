import type { Rule } from '../question.ts';

/** A command may not ask for more time than there is. What asks for nothing is cut down to it without a word. */
export const runtime: Rule = (question, { max_runtime: most }) => {
  if (question.about !== 'runtime' || most === undefined) return undefined;
  const ruleId = 'max_runtime';
  const { what, seconds } = question;
  if (seconds > 0 && seconds <= most) return { decision: 'allow', ruleId, message: `${what} takes ${seconds} s of ${most} s at most.` };
  return {
    decision: 'deny',
    ruleId,
    message: `${what} asks for ${seconds === 0 ? 'unlimited time' : `${seconds} s`}, and ${most} s are allowed.`,
    fix: `Set its timeout to ${most} or less, or raise policy.max_runtime.`,
  };
};
