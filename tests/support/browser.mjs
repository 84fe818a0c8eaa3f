// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A real browser with one page, used alike whether it is Chromium or Firefox, its JavaScript on or off. It is driven from
// outside: what is evaluated here runs also where the page's own scripts do not. Keys are real events.
//
//   const browser = await openBrowser('firefox', { javascript: false });
//   const status = await browser.goto(url);
//   await browser.type('#story', '…'); await browser.choose('#files', paths);
//   const answered = await browser.follow('button');       presses it, waits for the next page: its status
//   const file = await browser.download('a[download]');    what it saves; with { downloads: FOLDER }
//   await browser.close();

import { createHash, X509Certificate } from 'node:crypto';
import dns from 'node:dns';
import fs from 'node:fs';

import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';

import { build } from './amana.mjs';
import { check, until } from './checks.mjs';

export const browsers = ['chromium', 'firefox'];

const screens = { narrow: { width: 320, height: 640 }, desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const navigationMs = 120_000;
const chromiumArguments = ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// puppeteer asks for Firefox at "localhost", a name that a bare machine, without /etc/hosts, may not know.
const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host === 'localhost' ? '127.0.0.1' : host, ...rest);

// `downloads`: the folder that files are saved in. `offline`: it reaches no network, not even this machine. `safest`: Firefox
// as Tor Browser sets it at its safest level, without JavaScript and SVG, giving no fingerprint.
// `trusts`: the file of a certificate that Chromium takes for a valid one, which spares it the second try after a warning.
// `sealing: false`: the script that seals does not arrive, as on a bad line; the page's other script runs.
export async function openBrowser(name, { javascript = true, sealing = true, downloads, offline = false, safest = false, trusts } = {}) {
  const browser = await (name === 'chromium' ? openChromium : openFirefox)(javascript && !safest, downloads, offline, safest || trusts);
  browser.seals = javascript && !safest;
  if (!sealing) await browser.withoutSealing();
  browser.label = safest ? `${name}, as Tor Browser's safest` : `${name}, JavaScript ${javascript ? 'on' : 'off'}`;
  browser.kind = safest ? `${name}-safest` : `${name}-js-${javascript ? 'on' : 'off'}`;
  await browser.resize(screens.phone);
  return browser;
}

async function openChromium(javascript, downloads, offline, trusts) {
  const spki = trusts && createHash('sha256').update(new X509Certificate(fs.readFileSync(trusts)).publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  const args = trusts ? [...chromiumArguments, `--ignore-certificate-errors-spki-list=${spki}`] : chromiumArguments;
  // As people have it: pages that were left are kept for "back".
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args, ignoreDefaultArgs: ['--disable-back-forward-cache'], timeout: navigationMs });
  const context = await browser.newContext({ ignoreHTTPSErrors: !trusts, javaScriptEnabled: javascript, offline });
  return new Browser(browser, await context.newPage(), {
    resize: (page, size) => page.setViewportSize(size),
    block: (page, address) => page.route(`**${address}`, (route) => route.abort()),
    choose: (page, selector, paths) => page.setInputFiles(selector, paths),
    async download(browser, selector) {
      const [saved] = await Promise.all([browser.page.waitForEvent('download'), browser.press(selector)]);
      const file = `${downloads}/${saved.suggestedFilename()}`;
      await saved.saveAs(file);
      return file;
    },
  });
}

async function openFirefox(javascript, downloads, offline, safest) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    acceptInsecureCerts: true,
    timeout: navigationMs,
    protocolTimeout: navigationMs,
    extraPrefsFirefox: {
      'javascript.enabled': javascript,
      ...(safest && { 'privacy.resistFingerprinting': true, 'svg.disabled': true, 'gfx.font_rendering.graphite.enabled': false, 'mathml.disabled': true }),
      'browser.download.dir': downloads ?? '/nonexistent',
      'browser.download.folderList': 2,
      'browser.helperApps.neverAsk.saveToDisk': 'text/plain,application/octet-stream',
      // Everything goes to a proxy that is not there.
      ...(offline && { 'network.proxy.type': 1, 'network.proxy.socks': '127.0.0.1', 'network.proxy.socks_port': 9, 'network.proxy.allow_hijacking_localhost': true }),
    },
  });
  return new Browser(browser, await browser.newPage(), {
    resize: (page, size) => page.setViewport(size),
    async block(page, address) {
      await page.setRequestInterception(true);
      page.on('request', (request) => (request.url().endsWith(address) ? request.abort() : request.continue()).catch(() => {}));
    },
    choose: async (page, selector, paths) => (await page.$(selector)).uploadFile(...paths),
    async download(browser, selector) {
      const before = new Set(fs.readdirSync(downloads));
      await browser.press(selector);
      const whole = () => fs.readdirSync(downloads).find((name) => !before.has(name) && !name.endsWith('.part') && fs.statSync(`${downloads}/${name}`).size > 0);
      return `${downloads}/${await until('the download', whole)}`;
    },
  });
}

class Browser {
  constructor(browser, page, own) {
    this.browser = browser;
    this.page = page;
    this.own = own;
    page.setDefaultTimeout(navigationMs);
    page.setDefaultNavigationTimeout(navigationMs);
  }

  close() { return this.browser.close(); }
  resize(viewport) { return this.own.resize(this.page, viewport); }
  evaluate(code, argument) { return this.page.evaluate(code, argument); }
  url() { return this.page.url(); }

  async goto(url) { return (await this.page.goto(url)).status(); }
  // Goes there even when the page asks whether it may be left.
  async leave(url) {
    const yes = (dialog) => dialog.accept().catch(() => {});
    this.page.on('dialog', yes);
    try {
      return await this.goto(url);
    } finally {
      this.page.off('dialog', yes);
    }
  }
  back() { return this.page.goBack(); }

  text(selector = 'body') {
    return this.evaluate((s) => document.querySelector(s)?.innerText.trim(), selector);
  }
  value(selector) { return this.evaluate((s) => document.querySelector(s).value, selector); }
  has(selector) { return this.evaluate((s) => document.querySelector(s) !== null, selector); }

  // From the keyboard: a pointer would need to know when scrolling has come to rest, and the drivers cannot tell where a
  // page's scripts do not run.
  async press(selector) {
    await this.evaluate((s) => document.querySelector(s).focus(), selector);
    await this.page.keyboard.press('Enter');
  }

  // Presses a link or button; the status of the page that comes, or its error's text when none does.
  async follow(selector) {
    const came = this.page.waitForNavigation({ timeout: navigationMs }).then((response) => response.status(), (error) => error.message);
    await this.press(selector);
    return came;
  }

  async withoutSealing() {
    if (this.seals) await this.own.block(this.page, '/script/page.js');
    this.seals = false;
  }

  // Presses the form's button: the status of the answer. Where the page seals there is none: 200 when it says that the report is
  // stored, else what it says.
  async send(seconds = 300) {
    if (!this.seals) return this.follow('form button');
    const reached = (states) => until(`the page to be ${states}`, async () => {
      const state = await this.evaluate(() => document.querySelector('#sealing')?.dataset.state);
      return states.includes(state) && state;
    }, { seconds, every: 0.1 });
    await reached(['ready', 'problem', 'cancelled']);
    // A file that can't be cleaned is sent as it is.
    await until('files to be looked at', () => this.evaluate(() => [...document.querySelectorAll('li[data-file]')].every((one) => one.dataset.cleaned)), { seconds });
    await this.evaluate(() => { for (const box of document.querySelectorAll('input.keep-file, input.keep-data')) if (!box.checked) box.click(); });
    await this.press('form button');
    const state = await reached(['stored', 'problem', 'cancelled']);
    return state === 'stored' ? 200 : this.evaluate(() => document.querySelector('#sealing').dataset.problem);
  }

  async type(selector, text) {
    await this.evaluate((s) => document.querySelector(s).focus(), selector);
    await this.page.keyboard.type(text);
  }
  // All at once, as from the clipboard: `maxlength` holds.
  paste(selector, text) {
    return this.evaluate(([s, t]) => {
      document.querySelector(s).focus();
      document.execCommand('insertText', false, t);
    }, [selector, text]);
  }
  // Checks or unchecks a box, by its key.
  async toggle(selector) {
    await this.evaluate((s) => document.querySelector(s).focus(), selector);
    await this.page.keyboard.press(' ');
  }
  download(selector) { return this.own.download(this, selector); }
  choose(selector, paths) { return this.own.choose(this.page, selector, paths); }

  // Pictures of the whole page on a phone, a small old phone and a desktop, none of which it may be too wide for.
  async pictures(page) {
    const folder = `${build}/screenshots/${this.kind}`;
    fs.mkdirSync(folder, { recursive: true });
    for (const [screen, viewport] of Object.entries(screens)) {
      await this.resize(viewport);
      const over = await this.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      check(over <= 0, `${page} on a ${screen} is ${over} pixels too wide`);
      await this.page.screenshot({ path: `${folder}/${page}-${screen}.png`, fullPage: true });
    }
    await this.resize(screens.phone);
  }
}
