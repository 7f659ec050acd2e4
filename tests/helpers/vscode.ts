// VS Code as it is, in a browser: code-server with the extension out of its .vsix, in a home of its own, and a page that shows a folder.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { chromiumPath, openBrowser, type Page, playwrightPath } from './browser.ts';
import { installedPlace, programsMissing } from './installed.ts';
import { packageRoot } from './package-root.ts';
import type { Home } from './real-daemon.ts';
import { deadlineMs, until } from './until.ts';

const run = promisify(execFile);
const place = installedPlace('tests/real-editors');
const codeServer = join(place, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
const node24 = join(place, 'node_modules', '.bin', 'node');
const vsce = join(installedPlace('client/editors/vscode'), 'node_modules', '@vscode', 'vsce', 'vsce');

/** For `skipIf`: says why tests are skipped, and throws where all of them are wanted. */
export function vscodeMissing(): boolean {
  if (programsMissing({ 'code-server': codeServer, 'Node 24': node24, 'playwright-core': playwrightPath, vsce }, 'npm run editors'))
    return true;
  return programsMissing({ chromium: chromiumPath() ?? '' }, 'sudo apt-get install chromium');
}

export interface Vscode extends AsyncDisposable {
  readonly page: Page;
  /** Keeps a picture where COPPICE_TEST_ARTIFACTS says, or in coverage/artifacts, and prints where. */
  picture(name: string): Promise<string>;
  /** Runs a command as a user does, by its title. */
  command(title: string): Promise<void>;
  /** Chooses in the list that a command shows. */
  choose(text: string): Promise<void>;
  /** Writes into the box that a command shows. */
  enter(text: string): Promise<void>;
}

/** `home` is where the extension looks for its daemon, since that is what its environment says. */
export async function openVscode(home: Home, folder: string): Promise<Vscode> {
  const dir = home.path('vscode');
  const [data, extensions, temp] = ['data', 'extensions', 'tmp'].map((name) => join(dir, name)) as [string, string, string];
  for (const path of [join(data, 'User'), extensions, temp]) mkdirSync(path, { recursive: true });
  writeFileSync(join(data, 'User', 'settings.json'), JSON.stringify(settings));
  const env = { ...home.env(), TMPDIR: temp, PATH: `${dirname(node24)}:${process.env.PATH}` };
  await run(process.execPath, [join(packageRoot, 'client/editors/vscode/package.mjs'), dir], { env: { ...process.env, TMPDIR: temp } });
  const vsix = readdirSync(dir).find((name) => name.endsWith('.vsix')) ?? '';
  const where = ['--user-data-dir', data, '--extensions-dir', extensions];
  await run(node24, [codeServer, ...where, '--install-extension', join(dir, vsix)], { env, cwd: dir });
  const server = startServer([codeServer, ...where, ...serverFlags, folder], env, dir);
  const address = await until('code-server to listen', () => /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(server.log())?.[1]);
  const browser = await openBrowser({ ...env, HOME: temp });
  const { page } = browser;
  page.setDefaultTimeout(deadlineMs);
  await page.goto(`${address}/?folder=${encodeURIComponent(folder)}`, { waitUntil: 'domcontentloaded' });
  return {
    page,
    async choose(text) {
      const row = page.locator('.quick-input-widget .monaco-list-row', { hasText: text }).first();
      await row.waitFor();
      await row.click();
    },
    async enter(text) {
      const input = page.locator('.quick-input-widget input[type=text], .quick-input-widget input[type=password]').first();
      await input.waitFor();
      await input.fill(text);
      await page.keyboard.press('Enter');
    },
    async picture(name) {
      const path = join(process.env.COPPICE_TEST_ARTIFACTS || join(packageRoot, 'coverage', 'artifacts'), `${name}.png`);
      mkdirSync(dirname(path), { recursive: true });
      await page.screenshot({ path });
      process.stdout.write(`picture: ${path}\n`);
      return path;
    },
    async command(title) {
      await page.keyboard.press('F1');
      const input = page.locator('.quick-input-widget input').first();
      await input.waitFor();
      await input.fill(`>${title}`);
      await page.locator('.quick-input-widget .monaco-list-row', { hasText: title }).first().waitFor();
      await page.keyboard.press('Enter');
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server.end();
    },
  };
}

const serverFlags = [
  ...['--auth', 'none', '--bind-addr', '127.0.0.1:0', '--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
  '--disable-getting-started-override',
];

const settings = {
  ...{ 'security.workspace.trust.enabled': false, 'workbench.startupEditor': 'none', 'telemetry.telemetryLevel': 'off' },
  ...{ 'extensions.autoCheckUpdates': false, 'update.mode': 'none', 'workbench.enableExperiments': false, 'git.enabled': false },
  ...{ 'chat.disableAIFeatures': true, 'workbench.secondarySideBar.defaultVisibility': 'hidden' },
  'remote.autoForwardPorts': false,
};

/** A group of its own, so that what the server started goes with it. */
function startServer(args: readonly string[], env: Record<string, string>, cwd: string): { log(): string; end(): Promise<void> } {
  const child = spawn(node24, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    log: () => log,
    async end() {
      try {
        process.kill(-(child.pid as number), 'SIGKILL');
      } catch {
        // It is gone already.
      }
      await ended;
    },
  };
}
