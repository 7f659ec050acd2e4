import type { Rule } from '../question.ts';

export const concurrency: Rule = (question, { max_sessions: most }) => {
  if (question.about !== 'sessions' || most === undefined) return undefined;
  const ruleId = 'max_sessions';
  const { unfinished } = question;
  if (unfinished < most) return { decision: 'allow', ruleId, message: `${unfinished} of ${most} sessions are under way.` };
  return {
    decision: 'deny',
    ruleId,
    message: `${unfinished} sessions are under way, and ${most} may be.`,
    fix: 'Wait until one ends or cancel one, or raise policy.max_sessions.',
  };
};
