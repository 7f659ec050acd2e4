// A project as PruneJuice left it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { artifactText } from '../helpers/session-results.ts';

test("a project of PruneJuice's runs unchanged: its YAML, its scripts, its variables", async () => {
  await using repo = await createTestRepo();
  await repo.write(
    '.prj/commands/feature.yaml',
    [
      'name: feature',
      'description: As PruneJuice had it.',
      'category: workflow',
      'extends: common',
      'prompt_file: prompts/feature.md',
      'arguments:',
      '  - feature_name',
      '  - {name: level, type: integer, default: 2, required: false}',
      'environment: {MODE: fast}',
      'pre_steps: [setup-environment, validate-prerequisites]',
      'steps:',
      '  - gather-context',
      '  - {name: measure, type: script, action: measure.py, args: {depth: 3}, timeout: 60}',
      '  - finish.sh',
      '  - tidy',
      'post_steps: [store-artifacts]',
      'cleanup_on_failure: [cleanup]',
      'timeout: 1800',
      '',
    ].join('\n'),
  );
  await repo.write('.prj/commands/common.yaml', 'name: common\nsteps: [echo base "$MODE"]\n');
  await repo.write('.prj/prompts/feature.md', 'Do {{ feature_name }} at {{ level }}');
  await repo.write(
    '.prj/steps/measure.py',
    'import json, os\ne = os.environ\nprint(json.dumps({k: e.get("PRUNEJUICE_" + k) for k in ["ACTION_NAME", "ARG_FEATURE_NAME", "ARG_LEVEL", "STEP_DEPTH", "STEP_NAME"]}))\n' +
      'open(os.path.join(e["PRUNEJUICE_ARTIFACT_DIR"], "specs", "prompt.txt"), "w").write(open(e["PRUNEJUICE_PROMPT_FILE"]).read())\n',
  );
  await repo.write('.prj/steps/finish.sh', 'echo "$PRUNEJUICE_PROJECT_PATH $MODE $PRUNEJUICE_EVENT_ID" > finished.txt\n');
  await repo.write('.prj/steps/tidy.sh', 'echo tidy\n');
  await using daemon = await startRealDaemon();

  const ran = await daemon.cli(['run', 'feature', 'feature_name=tea', '--json'], { cwd: repo.path });

  expect(ran.stderr).toBe('');
  const session = JSON.parse(ran.stdout) as SessionRecord;
  expect(session).toMatchObject({ status: 'succeeded', kind: 'standard' });
  expect(readFileSync(join(repo.path, 'finished.txt'), 'utf8')).toBe(`${repo.path} fast ${session.id}\n`);
  const measure = session.stepRuns.find(({ name }) => name === 'measure');
  const output = await daemon.client.session.readOutput({ id: session.id, step: measure?.id as string });
  expect(JSON.parse(output.data)).toEqual({
    ACTION_NAME: 'feature',
    ARG_FEATURE_NAME: 'tea',
    ARG_LEVEL: '2',
    STEP_DEPTH: '3',
    STEP_NAME: 'measure',
  });
  expect(await artifactText(daemon, session.id, 'specs/prompt.txt')).toBe('Do tea at 2');
  expect(session.sharedData.context_info).toMatchObject({ project_name: 'repo', git_branch: 'master' });
});
