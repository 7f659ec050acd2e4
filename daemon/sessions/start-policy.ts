// What policy has to say of a start. Programs whose place only a running session knows are asked about again when their step begins.
import { isAbsolute } from 'node:path';
import { isFailure } from '../../schemas/errors.ts';
import { allSteps, type CommandDefinition, type CommandStep } from '../commands/definition.ts';
import type { PolicyService } from '../policy/service.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { FileReader } from '../tools/files.ts';
import { type Agents, agentProgram } from './agent-step.ts';
import type { Environment } from './environment.ts';
import { argvOfFile } from './step-command.ts';

type Question = Parameters<PolicyService['ask']>[0];

export interface StartFacts {
  readonly files: FileReader;
  readonly project: ProjectRecord;
  readonly definition: CommandDefinition;
  readonly environment: Environment;
  readonly agents: Agents;
  /** Names of the steps that the daemon runs itself. */
  readonly builtins: readonly string[];
}

/** Everything that policy may object to and that is known before there is a session. */
export async function questionsOfStart(policy: PolicyService, facts: StartFacts): Promise<Question[]> {
  const { definition, project } = facts;
  const programs = await Promise.all(allSteps(definition).map((step) => programOf(policy, facts, step)));
  return [await policy.facts.directory(project.path), ...programs, ...variablesOf(definition), ...timesOf(definition)];
}

function variablesOf(definition: CommandDefinition): Question[] {
  const ofSteps = allSteps(definition).flatMap(({ env, credentials = {} }) => [env, credentials]);
  const maps = [definition.environment, definition.session.environment, ...ofSteps];
  const names = new Set(maps.flatMap((map) => Object.keys(map)));
  return [...names].map((name) => ({ about: 'variable', name, how: 'set' }));
}

/** Steps of the body share the time of the session; the others have a time of their own. */
function timesOf(definition: CommandDefinition): Question[] {
  const own = [...definition.cleanupSteps, ...definition.finallySteps];
  const asked = [
    { what: `The command "${definition.name}"`, seconds: definition.timeoutSeconds },
    ...own.map(({ name, timeoutSeconds }) => ({ what: `The step "${name}"`, seconds: timeoutSeconds })),
  ];
  return asked.flatMap(({ what, seconds }) => (seconds === undefined ? [] : [{ about: 'runtime', what, seconds }]));
}

/** Only what has one meaning already: a relative path or a rendered PATH may be another one where the step runs. */
async function programOf(policy: PolicyService, facts: StartFacts, step: CommandStep): Promise<Question> {
  const { definition, environment, project, builtins } = facts;
  if (step.type === 'builtin' && builtins.includes(step.action)) return undefined;
  const program = await firstWord(facts, step);
  const searchPath = step.env.PATH ?? definition.environment.PATH ?? environment.PATH;
  if (program === undefined || searchPath?.includes('{{') || (program.includes('/') && !isAbsolute(program))) return undefined;
  const question = await policy.facts.executable(program, { searchPath, cwd: project.path });
  // A step before it may bring the program.
  return question && question.chain.length === 0 ? undefined : question;
}

async function firstWord({ files, project, agents }: StartFacts, step: CommandStep): Promise<string | undefined> {
  if (step.type === 'agent') return (step.argv ?? agentProgram(step.action, agents).argv)[0];
  if (step.script !== undefined) return step.script.startsWith('#!') ? undefined : 'bash';
  try {
    return (await argvOfFile(step, { files, projectPath: project.path }))[0];
  } catch (error) {
    if (isFailure(error) && error.kind === 'NOT_FOUND') return undefined;
    throw error;
  }
}
