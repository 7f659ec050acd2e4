// Chromium of this machine, driven by playwright-core out of the cache (tests/real-editors). The package is not a dependency of ours, so
// what is used of it is written down here.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installedPlace } from './installed.ts';

export interface Locator {
  first(): Locator;
  locator(selector: string, options?: { hasText?: string | RegExp }): Locator;
  click(options?: { button?: 'left' | 'right'; timeout?: number }): Promise<void>;
  hover(): Promise<void>;
  count(): Promise<number>;
  fill(text: string): Promise<void>;
  textContent(): Promise<string | null>;
  allTextContents(): Promise<string[]>;
  getAttribute(name: string): Promise<string | null>;
  waitFor(options?: { state?: 'visible' | 'hidden' | 'detached'; timeout?: number }): Promise<void>;
}

export interface Page {
  readonly mouse: { move(x: number, y: number): Promise<void> };
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  url(): string;
  goto(url: string, options?: { waitUntil?: 'domcontentloaded' }): Promise<unknown>;
  locator(selector: string, options?: { hasText?: string | RegExp }): Locator;
  screenshot(options: { path: string }): Promise<unknown>;
  setDefaultTimeout(ms: number): void;
}

interface Browser {
  newPage(options: { viewport: { width: number; height: number } }): Promise<Page>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; args: readonly string[]; env: Readonly<Record<string, string>> }): Promise<Browser>;
  };
}

export const playwrightPath = join(installedPlace('tests/real-editors'), 'node_modules', 'playwright-core', 'index.mjs');

/** Undefined when there is none. */
export function chromiumPath(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
}

/** A browser of its own with one page; it gets a new profile, which goes with it. */
export async function openBrowser(env: Readonly<Record<string, string>>): Promise<{ page: Page; close(): Promise<void> }> {
  const { chromium } = (await import(pathToFileURL(playwrightPath).href)) as Playwright;
  const browser = await chromium.launch({
    executablePath: chromiumPath() ?? 'chromium',
    env,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  return { page, close: () => browser.close() };
}
