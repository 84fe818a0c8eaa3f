// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A small site of its own, signed as a real one is (docs/SEALING.md, section 6): what verify-site looks at, without a server or
// a desk. Answers are { status, headers: [[name, value]], body }; a page's body is packed when it is served. A form has two variants,
// calm and under pressure, of which `variant` says which is served, with a token of its own each time.

import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { KeysAlone, signedNote, signer, verifierKey } from './keyset.mjs';

const sha256 = (body, form = 'hex') => createHash('sha256').update(body).digest(form);
const trimmed = (body) => Buffer.from(body).toString('latin1').replace(/[ \n]+$/, '');
export const pageHash = (body) => sha256(Buffer.from(trimmed(body), 'latin1'));
const source = (body) => `sha256-${sha256(body, 'base64')}`;

const exit = 'addEventListener("pagehide",()=>{document.body.hidden=true});\n';
const pageScript = '"use strict";(()=>{/* the page */ fetch("/keys")})();\n';
const workerScript = '"use strict";(()=>{/* the worker */ onmessage=()=>{}})();\n';
const style = 'body{margin:0;font:1rem/1.5 sans-serif}';

const page = (lang, main, script = '') => `<!DOCTYPE html>
<html lang="${lang}"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Form</title>
<style>${style}</style></head>
<body><aside><a id="exit" href="https://news.example/" rel="noreferrer nofollow" data-two="https://weather.example/">Leave</a></aside>
<main>${main}</main>
<footer><a href="/${lang}/help#key">How to compare</a></footer>
<script>${exit}</script>${script}
</body></html>
`;
// What stands for a token where a page is the same for everybody.
const none = 'A'.repeat(43);
const form = (lang, framed = '') => page(lang, `<p><b>&#1576;</b><img src="data:image/png;base64,iVBORw0KGgo=" alt=""></p>
<form method="post" action="/${lang}/report?${none}" enctype="multipart/form-data"><textarea name="story"></textarea>${framed}
<button type="submit">Send</button></form>`,
`<script src="/script/page.js" defer integrity="${source(pageScript)}" data-worker="/script/worker.js" data-worker-integrity="${source(workerScript)}"
data-sealing="/${lang}/sealing.json"></script>`);

const pressed = (lang) => form(lang, `<noscript><iframe src="/${lang}/line?${none}" title="Your place"></iframe></noscript>`);
const line = (lang, token) => `<!DOCTYPE html><html lang="${lang}"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10; url=/${lang}/line?${token}">
<title>Form</title><style>${style}</style></head><body><p>3</p></body></html>`;

const everywhere = [['Cache-Control', 'no-store'], ['Referrer-Policy', 'no-referrer'], ['X-Content-Type-Options', 'nosniff'],
  ['Strict-Transport-Security', 'max-age=63072000']];
const nothing = "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
const policy = (scripts) => `default-src 'none'; script-src '${source(exit)}'${scripts}; style-src '${source(style)}'; img-src data:; `
  + `form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types ${scripts ? 'amana' : "'none'"}; frame-ancestors 'none'`;
const html = 'text/html; charset=utf-8';
const kinds = {
  data: [['Content-Security-Policy', nothing], ['Content-Type', 'application/json']],
  form: [['Content-Security-Policy', policy(" 'self'; worker-src 'self'; connect-src 'self'")], ['Content-Type', html]],
  page: [['Content-Security-Policy', policy('')], ['Content-Type', html]],
  script: [['Content-Security-Policy', "default-src 'none'; connect-src 'self'"], ['Content-Type', 'text/javascript']],
  text: [['Content-Security-Policy', nothing], ['Content-Type', 'text/plain; charset=utf-8']],
};
export const headersOf = (kind) => [...everywhere, ...kinds[kind]];

export class SignedSite {
  constructor({ serial = 12, releaseSerial = 7, keys = new KeysAlone(), makers = signer(), deployment = 'test' } = {}) {
    this.variant = 0;
    Object.assign(this, { serial, releaseSerial, keys, makers, deployment });
    this.keySet = keys.note({ serial: 3, deployment });
    this.fingerprint = sha256(keys.root.publicKey);
    this.releaseKey = verifierKey('amana-release', makers);
    this.files = { 'exit.js': exit, 'script/page.js': pageScript, 'script/worker.js': workerScript, 'style.css': style };
    const sealing = (lang) => `${JSON.stringify({ v: 1, root: this.fingerprint, report: `/${lang}/report` })}   `;
    this.pages = {
      '/': ['page', page('en', '<ul><li><a href="/ar/">&#1575;</a></li></ul>')],
      '/.well-known/security.txt': ['text', 'Contact: mailto:security@example.invalid\n'],
      '/ar/': ['form', form('ar'), pressed('ar')],
      '/ar/help': ['page', page('ar', '<p id="key">Help</p>')],
      '/ar/sealing.json': ['data', sealing('ar')],
      '/en/': ['form', form('en'), pressed('en')],
      '/en/sealing.json': ['data', sealing('en')],
      '/keys': ['text', this.keySet],
      '/script/page.js': ['script', pageScript],
      '/script/worker.js': ['script', workerScript],
    };
    this.sign();
  }

  // Signs what stands there now.
  sign() {
    this.release = ['amana release v1', `serial ${this.releaseSerial}`, 'version 0.5.0',
      ...Object.entries(this.files).sort().map(([name, body]) => `file ${sha256(body)} ${name}`), ''].join('\n');
    const headers = [['*', everywhere], ...Object.entries(kinds)].flatMap(([kind, lines]) =>
      [...lines].sort().map(([name, value]) => `header ${kind} ${name}: ${value}`));
    this.site = ['amana site v1', `deployment ${this.deployment}`, `serial ${this.serial}`, `root ${this.keys.root.publicKey.toString('base64')}`,
      `release ${sha256(this.release)}`, ...headers,
      ...Object.entries(this.pages).sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([at, [kind, ...bodies]]) =>
        bodies.map((body) => `page ${pageHash(body)} ${kind} ${at}`).sort()), ''].join('\n');
    this.siteNote = signedNote(this.site, 'amana-root', this.keys.root);
    this.releaseNote = signedNote(this.release, 'amana-release', this.makers);
  }

  answer(at) {
    if (at === '/manifest/site') return { status: 200, headers: headersOf('text'), body: Buffer.from(this.siteNote) };
    if (at === '/manifest/release') return { status: 200, headers: headersOf('text'), body: Buffer.from(this.releaseNote) };
    const [, lang, token] = /^\/(ar|en)\/line\?(.{43})$/.exec(at) ?? [];
    if (token) return { status: 200, headers: headersOf('page'), body: Buffer.from(line(lang, token)) };
    const [kind, ...bodies] = this.pages[at] ?? ['page', page('en', 'There is nothing here.')];
    const body = bodies[this.variant] ?? bodies[0];
    return { status: this.pages[at] ? 200 : 404, headers: headersOf(kind), body: Buffer.from(body.replaceAll(none, randomBytes(32).toString('base64url'))) };
  }

  // As a saved site.
  save(folder) {
    for (const at of [...Object.keys(this.pages), '/manifest/site', '/manifest/release']) {
      const file = path.join(folder, at.endsWith('/') ? `${at}index.html` : at);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, this.answer(at).body);
    }
  }
}
