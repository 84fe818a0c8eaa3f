// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The form as somebody meets it whose browser seals: what the page says, by the states of its region (#sealing).
//
//   const page = await SealingPage.open(browser, url, 'ar');    the form, once it can seal
//   await page.write('…'); await page.choose(paths);            a file that can't be cleaned is sent as it is
//   await page.send();                                          presses the button
//   await page.reaches('stored');                               or line, waiting, problem, cancelled, ...

import { check, same, until } from './checks.mjs';

export class SealingPage {
  static async open(browser, url, language) {
    same(await browser.goto(`${url}/${language}/`), 200, 'the form');
    const page = new SealingPage(browser);
    await page.reaches('ready');
    return page;
  }

  constructor(browser) {
    this.browser = browser;
  }

  state() { return this.browser.evaluate(() => document.querySelector('#sealing')?.dataset.state ?? 'none'); }
  problem() { return this.browser.evaluate(() => document.querySelector('#sealing').dataset.problem); }
  words() { return this.browser.evaluate(() => document.querySelector('#sealing').textContent); }
  sent() { return this.browser.evaluate(() => Number(document.querySelector('#sealing').dataset.done ?? 0)); }

  // One of these states is reached; which.
  async reaches(states, seconds = 120) {
    const wanted = [states].flat();
    let seen = '';
    try {
      return await until(`the page to be ${wanted}`, async () => {
        seen = await this.state();
        return wanted.includes(seen) && seen;
      }, { seconds, every: 0.1 });
    } catch (error) {
      error.message += `; it is ${seen}: ${await this.words().catch(() => '')}`;
      throw error;
    }
  }

  async write(story) {
    await this.browser.paste('#story', story);
    same(await this.browser.value('#story'), story, 'what was typed');
  }

  async choose(paths) {
    await this.browser.choose('#files', paths);
    await until('every file to be looked at', () => this.browser.evaluate((n) => {
      const files = [...document.querySelectorAll('li[data-file]')];
      return files.length === n && files.every((one) => one.dataset.cleaned);
    }, paths.length), { seconds: 120 });
    await this.browser.evaluate(() => { for (const box of document.querySelectorAll('li[data-cleaned] input.keep-file')) box.click(); });
  }

  send() { return this.browser.press('form button[type=submit]'); }
  press(selector) { return this.browser.press(selector); }

  async isEmpty() {
    return this.browser.evaluate(() => {
      const form = document.querySelector('form');
      return !form || [...form.querySelectorAll('textarea')].every((one) => !one.value);
    });
  }

  async thanks() {
    check(await this.browser.has('.good[role=status]'), 'the page says that the report is stored');
    check(await this.isEmpty(), 'nothing that was typed is left');
  }
}
