// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The pages as an auditor of accessibility and of headers looks at them: axe-core on every page and language, light and
// dark; the keyboard alone; text at twice its size; the way out; MDN's HTTP Observatory; Lighthouse.

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { Server, build, freePort, scratch, source } from '../support/amana.mjs';
import { openBrowser } from '../support/browser.mjs';
import { SealingPage } from '../support/sealing_page.mjs';
import { check, count, full, same, sleep, summary, test, tier, until } from '../support/checks.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { languages as all } from '../support/languages.mjs';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = scratch('quality');
const away = await Server.make(`${folder}/away`, new KeysAlone(), {});
await away.start();
const texts = Object.fromEntries(all.map((language) => [`texts.${language}`, { numbers: '911', law: '§ 1', embassy: '+962 6 000' }]));
const server = await Server.make(`${folder}/server`, new KeysAlone(), { site: { languages: all, exit: `${away.url}/`, colour: '#7a1f3d' }, ...texts });
await server.start();

const languages = tier(['ar', 'en', 'fr', 'ru'], all);
const story = 'They promised work abroad and took the passport.';

const send = async (browser, language, { text = story, proof = false } = {}) => {
  await browser.goto(`${server.url}/${language}/`);
  await browser.evaluate(() => { for (const one of document.querySelectorAll('details')) one.open = true; });
  await browser.evaluate((value) => {
    document.querySelector('#story').removeAttribute('minlength');
    document.querySelector('#story').value = value;
  }, text);
  if (proof) await browser.toggle('#proof');
  return browser.follow('button');
};

const pages = {
  index: (browser) => browser.goto(server.url),
  form: (browser, language) => browser.goto(`${server.url}/${language}/`),
  help: (browser, language) => browser.goto(`${server.url}/${language}/help`),
  received: (browser, language) => browser.goto(`${server.url}/${language}/received-1`),
  'received, urgent': (browser, language) => browser.goto(`${server.url}/${language}/received-2`),
  proof: (browser, language) => send(browser, language, { proof: true }),
  'form again': (browser, language) => send(browser, language, { text: 'short' }),
  'not found': (browser) => browser.goto(`${server.url}/nothing`),
  'not to be read': (browser, language) => browser.goto(`${server.url}/${language}/report`),
};

const browser = await openBrowser('chromium', { sealing: false });
const sealing = await openBrowser('chromium');

async function heldToAxe(browser_, name, language) {
  await browser_.evaluate(() => { for (const one of document.querySelectorAll('details')) one.open = true; });
  await browser_.evaluate(axe);
  const { violations, passes } = await browser_.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  same(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${name} in ${language}`);
  check(passes.length > 10, `${passes.length} rules held on ${name}`);
  count('pages held to axe-core');
}

for (const scheme of ['light', 'dark'])
  for (const language of scheme === 'dark' && !full ? ['ar'] : languages)
    await test(`axe-core: ${language}, ${scheme}`, async () => {
      await browser.page.emulateMedia({ colorScheme: scheme });
      for (const [name, open] of Object.entries(pages)) {
        await open(browser, language);
        await heldToAxe(browser, name, language);
      }
    });
await browser.page.emulateMedia({ colorScheme: 'light' });

for (const language of languages)
  await test(`axe-core: ${language}, the page that seals`, async () => {
    const page = await SealingPage.open(sealing, server.url, language);
    await heldToAxe(sealing, 'the form that seals', language);
    await page.write(story);
    same(await sealing.send(), 200, 'sent');
    await heldToAxe(sealing, 'sealed and stored', language);
  });

await test('twice the text, half the screen: nothing is cut off', async () => {
  for (const language of languages)
    for (const name of ['form', 'help', 'received', 'form again']) {
      await pages[name](browser, language);
      await browser.evaluate(() => { for (const one of document.querySelectorAll('details')) one.open = true; });
      for (const [what, width, size] of [['200 % of text on a phone', 360, '200%'], ['200 % zoom of a desktop', 640, ''], ['400 % zoom', 320, '']]) {
        await browser.resize({ width, height: 640 });
        await browser.evaluate((value) => { document.documentElement.style.fontSize = value; }, size);
        const over = await browser.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        check(over <= 0, `${name} in ${language}, ${what}: ${over} pixels too wide`);
        count('pages at twice their size');
      }
    }
  await browser.resize({ width: 390, height: 844 });
});

await test('the first screen of a phone holds the story and the button', async () => {
  await browser.resize({ width: 390, height: 844 });
  for (const language of all) {
    await pages.form(browser, language);
    const bottom = await browser.evaluate(() => document.querySelector('button').getBoundingClientRect().bottom);
    check(bottom <= 844, `in ${language} the button ends at ${bottom}`);
  }
});

await test('the keyboard alone: everything is reached in order, seen, and sent', async () => {
  await pages.form(browser, 'en');
  const reached = [];
  for (let i = 0; i < 250; i += 1) {
    await browser.page.keyboard.press('Tab');
    const at = await browser.evaluate(() => {
      const one = document.activeElement;
      if (one === document.body) return null;
      const { top, bottom } = one.getBoundingClientRect();
      const outline = getComputedStyle(one).outlineStyle;
      return { what: one.id || one.name || one.textContent.trim().slice(0, 30), tag: one.tagName, inView: bottom > 0 && top < innerHeight, outlined: outline !== 'none', top: top + scrollY };
    });
    if (!at) break;
    check(at.inView && at.outlined, `${at.what}: in view ${at.inView}, outlined ${at.outlined}`);
    reached.push(at);
    if (at.tag === 'SUMMARY') await browser.page.keyboard.press('Enter'); // unfolds; the next Tab goes in
    if (at.what === 'story') await browser.page.keyboard.type(story);
  }
  same(reached[0].what, 'exit', 'the first is the way out');
  const names = new Set(reached.map(({ what }) => what));
  for (const one of ['story', 'about', 'stage', 'identifiers.1.value', 'identifiers.6.value', 'files', 'reach', 'proof']) check(names.has(one), `${one} is reached`);
  const tops = reached.slice(1).map(({ top }) => top);
  check(tops.every((top, i) => i === 0 || top >= tops[i - 1] - 400), 'in the order they stand in');
  count('stops of the keyboard', reached.length);
  await browser.evaluate(() => document.querySelector('form').lastElementChild.focus());
  const came = browser.page.waitForNavigation();
  await browser.page.keyboard.press('Enter');
  same((await came).status(), 200, 'sent by the keyboard');
});

for (const [name, options] of [['chromium', {}], ['firefox', {}], ['chromium', { javascript: false }], ['firefox', { safest: true }]])
  await test(`${name} ${JSON.stringify(options)}: the way out`, async () => {
    const other = await openBrowser(name, options);
    const scripted = options.javascript !== false && !options.safest;
    const open = async () => {
      await other.goto(server.url);
      await other.goto(`${server.url}/en/`);
      await other.evaluate(() => scrollTo(0, document.body.scrollHeight));
    };
    const gone = () => until('the other site', () => other.url() === `${away.url}/`);
    await open();
    const top = await other.evaluate(() => document.querySelector('#exit').getBoundingClientRect().top);
    check(top >= 0 && top < 100, `the button is in view at the foot of the page, at ${top}`);
    await other.follow('#exit');
    await gone();
    if (scripted) {
      // The other site took the form's place in the history: the step before is the one before the form.
      await other.page.goBack();
      same(other.url(), `${server.url}/`, 'one step back');
      // What was sent stands in no earlier page of the tab either, whatever the browser keeps.
      await open();
      await other.paste('#story', story);
      same(await other.send(), 200, 'sent');
      await other.follow('#exit');
      await gone();
      await other.page.goBack();
      same(other.url(), `${server.url}/`, 'one step back: what was sealed left no page of its own');
      const keys = other.page.keyboard;
      await open();
      for (let i = 0; i < 3; i += 1) await keys.press('Shift');
      await gone();
      await open();
      for (const key of ['Shift', 'a', 'Shift', 'Shift']) await keys.press(key);
      await sleep(300);
      same(other.url(), `${server.url}/en/`, 'another key between: the page stays');
      check((await other.text('[role=status]')).includes('once more'), 'what is said after two');
      await open();
      for (let i = 0; i < 4; i += 1) {
        await keys.down('Shift');
        await keys.press('A');
        await keys.up('Shift');
      }
      await sleep(300);
      same([other.url(), await other.text('[role=status]')], [`${server.url}/en/`, ''], 'capital letters: nothing is said');
    }
    await other.close();
    count('ways out taken');
  });

const run = promisify(execFile);
const trusted = { ...process.env, NODE_EXTRA_CA_CERTS: `${folder}/server/certificate.pem` };

await test("MDN's HTTP Observatory: A+", async () => {
  // Which sites browsers preload is fetched from the network when the package is installed; this host is on no such list.
  const lists = path.resolve(path.dirname(createRequire(import.meta.url).resolve('@mdn/mdn-http-observatory/package.json')), 'conf');
  if (!fs.existsSync(`${lists}/hsts-preload.json`)) fs.writeFileSync(`${lists}/hsts-preload.json`, '{}');
  // A site as the world sees it: its name, and a port for those who forget https.
  const site = await Server.make(`${folder}/site`, new KeysAlone(), {});
  const plain = await freePort();
  await site.configure({ site_address: [{ url: `https://localhost:${site.port}/` }], listener: [{ address: `127.0.0.1:${plain}`, redirect: true }] });
  await site.start();
  // It knows the world's ports alone.
  const code = `import net from 'node:net';
    import { scan } from '@mdn/mdn-http-observatory';
    const ports = { 80: ${plain}, 443: ${site.port} };
    const { connect } = net.Socket.prototype;
    net.Socket.prototype.connect = function (...args) {
      const options = [args[0]].flat()[0];
      Object.assign(options, { host: '127.0.0.1', port: ports[options.port] });
      return connect.apply(this, args);
    };
    const { scan: { grade, score, testsFailed } } = await scan('localhost');
    console.log(JSON.stringify({ grade, score, testsFailed }));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: `${source}/tests`, env: { ...process.env, NODE_EXTRA_CA_CERTS: `${site.folder}/certificate.pem` } });
  await site.stop();
  const { grade, score, testsFailed } = JSON.parse(stdout);
  console.log(`        Observatory: ${grade}, ${score}`);
  same([grade, testsFailed], ['A+', 0], 'grade, tests failed');
});

// On a busy machine it can miss the start of a load, says so, and asks to be run again; a score is never asked for twice.
async function lighthouse(url, report, again = 2) {
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--ignore-certificate-errors', '--disable-background-networking', '--no-first-run'];
  try {
    await run(process.execPath, [`${source}/tests/node_modules/lighthouse/cli/index.js`, url, '--quiet', '--output=json', `--output-path=${report}`,
      '--only-categories=accessibility,best-practices,performance', `--chrome-flags=${flags.join(' ')}`], { env: { ...trusted, CHROME_PATH: '/usr/bin/chromium' }, maxBuffer: 1 << 26 });
  } catch (error) {
    if (again === 0 || !`${error.stderr}`.includes('Please run Lighthouse again')) throw error;
    await lighthouse(url, report, again - 1);
  }
}

await test('Lighthouse: accessibility and best practices 100', async () => {
  const report = `${build}/lighthouse.json`;
  for (const language of tier(['ar'], ['ar', 'en', 'fr', 'ru'])) {
    await lighthouse(`${server.url}/${language}/`, report);
    const { categories, audits } = JSON.parse(fs.readFileSync(report, 'utf8'));
    const failed = (category) => categories[category].auditRefs.filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1).map(({ id }) => `${id} ${audits[id].displayValue ?? ''}`);
    console.log(`        Lighthouse, ${language}: ${Object.values(categories).map(({ title, score }) => `${title} ${Math.round(score * 100)}`).join(', ')}`);
    for (const category of ['accessibility', 'best-practices']) same(failed(category), [], `${category} in ${language}`);
    count('Lighthouse runs');
  }
});

await browser.close();
await sealing.close();
await test('the servers end', async () => same([await server.stop(), await away.stop()], [0, 0], 'exit codes'));
summary('flow_quality');
