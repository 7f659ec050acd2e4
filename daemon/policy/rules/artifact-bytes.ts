import type { PolicyConfig, PolicyDecision } from '../../../schemas/policy.ts';
import type { Rule } from '../question.ts';

const levels = [
  { ruleId: 'artifact_hard_bytes', decision: 'deny', isOver: (size: number, bound: number) => size > bound },
  { ruleId: 'artifact_warn_bytes', decision: 'warn', isOver: (size: number, bound: number) => size >= bound },
  { ruleId: 'artifact_soft_bytes', decision: 'warn', isOver: (size: number, bound: number) => size >= bound },
] as const satisfies readonly { ruleId: keyof PolicyConfig; decision: PolicyDecision['decision']; isOver: unknown }[];

export const artifactBytes: Rule = (question, policy) => {
  if (question.about !== 'artifacts') return undefined;
  const { sizeBytes } = question;
  const level = levels.find(({ ruleId, isOver }) => isOver(sizeBytes, policy[ruleId]));
  if (!level) {
    const message = `The artifacts of the session have ${sizeBytes} bytes.`;
    return { decision: 'allow', ruleId: 'artifact_soft_bytes', message };
  }
  const { ruleId, decision } = level;
  return {
    decision,
    ruleId,
    message: `The artifacts of the session ${decision === 'deny' ? 'would have' : 'have'} ${sizeBytes} bytes, of ${policy[ruleId]}.`,
    fix: `Keep less, or raise policy.${ruleId}.`,
  };
};
