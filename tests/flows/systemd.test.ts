// coppice as a service of an ordinary user.
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { installedPlace } from '../helpers/installed.ts';
import { startModelStub } from '../helpers/model-stub.ts';
import { realAgentsMissing, setUpAgentHome } from '../helpers/real-agents.ts';
import { runOnWholeSystem, runStory, serviceManagerMissing, storyMs, wholeSystemMissing } from '../helpers/service-managers.ts';
import { script } from '../helpers/spec-task-setup.ts';
import { createTempDir } from '../helpers/temp-dir.ts';

describe.skipIf(serviceManagerMissing())('as a service it', { timeout: storyMs + 10_000 }, () => {
  test('starts with its first client, loses nothing, and leaves nothing', async () => {
    const { told, all } = await runStory('systemd.story.sh');
    // Within a second, on a machine that does nothing else: there Node alone takes 50 ms.
    const [backMs = Number.NaN, nodeMs = Number.NaN] = told.back?.match(/\d+/g)?.map(Number) ?? [];
    expect(backMs, told.back).toBeLessThan(1_000 * Math.max(1, nodeMs / 50));
    expect(told, all).toEqual({
      install: '0',
      verify: '0',
      'before the first client': 'active inactive',
      'after it': expect.stringMatching(/^active serves \/run\/user\/\d+\/coppice\/coppice\.sock$/),
      stripped: '1 in the beginning',
      'terminals of their own': 'active',
      'leaked to steps': '0',
      back: expect.any(String),
      restarts: '3',
      one: 'succeeded',
      'after restart': 'running',
      stopped: 'inactive active',
      two: '7',
      four: '4',
      hidden: '0 lost',
      hung: '0 success',
      three: 'running',
      'uninstall with terminals': expect.stringMatching(/^5 coppice: 1 terminal and 1 session still run and would end/),
      'three at last': '3',
      uninstall: '0',
      left: '0 files, 0 units, 0 processes',
      'and then': '3',
    });
  });
});

describe.skipIf(serviceManagerMissing() || realAgentsMissing())('as a service it', { timeout: storyMs + 10_000 }, () => {
  test('is restarted and stopped while real agents are in the middle of a turn, which go on to their end', async () => {
    await using model = await startModelStub();
    using dir = createTempDir();
    const env = setUpAgentHome({ home: dir.at('agents'), model: model.url, trusted: ['/run/home/repo', '/run/home/.local/share/coppice'] });
    writeFileSync(dir.at('env.json'), JSON.stringify(env));
    for (const kind of ['acp', 'tmux']) {
      const does = [
        `run echo $PPID > /run/home/${kind}.begun`,
        `wait /run/home/gate`,
        `write ${kind}.txt made by a real agent`,
        `commit By ${kind}`,
      ];
      writeFileSync(dir.at(`${kind}.prompt`), `Please do this.\n\n${script(does)}\n`);
    }
    execFileSync('chown', ['-R', 'nobody', dir.path]);
    chmodSync(dir.path, 0o755);
    const folders = { agents: installedPlace('tests/real-agents') };
    const { told, all } = await runStory('systemd-agents.story.sh', { args: [dir.path], folders });
    expect(told, all).toEqual({
      'in mid-turn': 'acp tmux',
      used: 'true',
      bound: 'coppice.slice 1073741824',
      'after restart': 'acp tmux running',
      stopped: 'inactive acp tmux',
      'the terminal': '7',
      acp: 'implementation_review made by a real agent',
      tmux: 'implementation_review made by a real agent',
      uninstall: '0',
      left: '0 units, agents',
    });
    expect(model.problems).toEqual([]);
  });
});

describe.skipIf(wholeSystemMissing())('on a whole system it', { timeout: storyMs + 10_000 }, () => {
  test('tells about linger, ends with the last login without it and goes on with it, and writes into the journal', async () => {
    const { told, all } = await runOnWholeSystem('systemd-logins.story.sh');
    expect(told, all).toEqual({
      advice: 'loginctl enable-linger someone',
      'without linger': '0 0',
      'no advice': '0',
      // Whether the daemon still saw its end or not.
      'what ended with the login': expect.stringMatching(/^(lost|failed)$/),
      'with linger': '0 active',
      'at the next login': 'running',
      logs: '2 starts',
      priority: '"PRIORITY":"6"',
      'only warnings': '1 0',
    });
  });
});
