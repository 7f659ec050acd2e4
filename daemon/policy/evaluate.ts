import type { PolicyConfig, PolicyDecision } from '../../schemas/policy.ts';
import type { Question, Rule } from './question.ts';
import { allowedExecutable } from './rules/allowed-executable.ts';
import { artifactBytes } from './rules/artifact-bytes.ts';
import { concurrency } from './rules/concurrency.ts';
import { deniedExecutable } from './rules/denied-executable.ts';
import { environment } from './rules/environment.ts';
import { runtime } from './rules/runtime.ts';
import { workingDirectory } from './rules/working-directory.ts';

const rules: readonly Rule[] = [deniedExecutable, allowedExecutable, environment, workingDirectory, concurrency, runtime, artifactBytes];

const weight = { allow: 0, warn: 1, deny: 2 } as const;

/** The strictest of what the rules say; the first of equals. Undefined when none has anything to say: nothing is configured about it. */
export function evaluate(question: Question, policy: PolicyConfig): PolicyDecision | undefined {
  const said = rules.flatMap((rule) => rule(question, policy) ?? []);
  return said.toSorted((a, b) => weight[b.decision] - weight[a.decision])[0];
}
