// Where things stand in the window of VS Code.
import type { Locator, Page } from './browser.ts';
import { until } from './until.ts';

/** The row of the tree that has the text, once it is there. */
export async function rowOf(page: Page, text: string | RegExp): Promise<Locator> {
  const row = page.locator('.pane-body .monaco-list-row', { hasText: text }).first();
  await row.waitFor();
  return row;
}

/**
 * Chooses from the menu of a row until what it does is to be seen. A menu that has just come up does not listen yet, so it is pressed
 * until it goes; one that the window closes for a reason of its own goes without having done anything, so it is opened again.
 */
export async function fromMenu(page: Page, row: string | RegExp, label: string, done: () => Promise<unknown>): Promise<void> {
  const menu = page.locator('.monaco-menu');
  const entry = menu.locator('.action-label', { hasText: label }).first();
  await until(`"${label}" of the menu of ${row} to do something`, async () => {
    await (await rowOf(page, row)).click({ button: 'right', timeout: 5_000 });
    await menu.first().waitFor({ timeout: 5_000 });
    await until(`the menu to take "${label}"`, async () => {
      if ((await menu.count()) === 0) return true;
      // It may go between the look and the click.
      await entry.click({ timeout: 1_000 }).catch(() => undefined);
      return undefined;
    });
    await done();
    return true;
  });
}

export async function statusBar(page: Page, wanted: RegExp): Promise<string> {
  return until(`the status bar to say ${wanted}`, async () => {
    const texts = await page.locator('.statusbar-item').allTextContents();
    return texts.map(plain).find((text) => wanted.test(text));
  });
}

/** A notification that has the text, once it is there. */
export async function notification(page: Page, text: string | RegExp): Promise<Locator> {
  const found = page.locator('.notification-toast', { hasText: text }).first();
  await found.waitFor();
  return found;
}

/** Presses a button of a notification. */
export async function press(page: Page, text: string | RegExp, button: string): Promise<void> {
  const found = await notification(page, text);
  // Where it rests the mouse brings up what may lie over the button.
  await page.mouse.move(700, 5);
  await found.locator('.monaco-button', { hasText: button }).first().click();
}

export const showsInOutput = (page: Page, wanted: RegExp): Promise<string> => shows(page, '.panel', wanted);

export const showsInEditor = (page: Page, wanted: RegExp, withinMs?: number): Promise<string> =>
  shows(page, '.editor-group-container', wanted, withinMs);

async function shows(page: Page, where: string, wanted: RegExp, withinMs?: number): Promise<string> {
  let last = '';
  try {
    const look = async (): Promise<string | false> => {
      last = (await page.locator(`${where} .view-line`).allTextContents()).map(plain).join('\n');
      return wanted.test(last) && last;
    };
    return await until(`${where} to show ${wanted}`, look, withinMs);
  } catch (cause) {
    throw new Error(`it shows: ${last}`, { cause });
  }
}

/** Monaco shows a space as one that does not break. */
function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}
