// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Posters and cards, read back as people and their phones will read them: the QR code from the PNG, the words from the
// PDF, sizes, places and the smallest letter from both. The same input gives the same bytes, which say nothing of the
// machine that made them. What cannot be printed well is refused.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import zlib from 'node:zlib';

import { build, program, run, scratch, source } from '../support/amana.mjs';
import { check, count, full, same, sameBytes, summary, test } from '../support/checks.mjs';
import { asPo, keys, words } from '../support/print_words.mjs';

const folder = scratch('print');
const shipped = `${build}/share/amana`;
const address = 'https://reports.example.org';
const onion = 'vatdtnxyyotoknwyzrlcyo4g75fqcleevmrqyhs34ze2vgwsnuqr7iqd.onion';
const root = '53175bcc0524f37b47062fafdda28e3f8eb91d519ca0a184ca71bbebe72f969a';
const languages = full ? ['en', ...Object.keys(words)] : ['en', 'ar'];
const [a4, id1] = [[210, 297], [85.6, 54]];
const pointsPerMm = 72 / 25.4;

// ---- what it prints from -----------------------------------------------------------------------------------------------

const data = `${folder}/data`;
function compile(language, po) {
  const place = `${data}/locale/${language}/LC_MESSAGES`;
  fs.mkdirSync(place, { recursive: true });
  fs.writeFileSync(`${folder}/${language}.po`, po);
  execFileSync('msgfmt', ['-o', `${place}/amana.mo`, `${folder}/${language}.po`]);
}
const english = (() => {
  const po = fs.readFileSync(`${source}/web/locale/en.po`, 'utf8');
  return keys.map((key) => JSON.parse(new RegExp(`msgid "${key.replace('.', '\\.')}"\\nmsgstr (".*")`).exec(po)[1]));
})();
const sentences = { en: english, ...words };
for (const language of Object.keys(words)) compile(language, asPo(words[language]));
compile('en', fs.readFileSync(`${source}/web/locale/en.po`));
const longer = (part) => english.map((sentence, i) => (i === 0 ? sentence : `${sentence} ${sentence.slice(0, sentence.length * part)}`));
compile('xx', asPo(longer(0.6)));
compile('xxx', asPo(longer(1)));

const options = ({ out, from = data, set = {} }) => Object.entries({ data: from, address, onion: `http://${onion}`, root, out, ...set })
  .flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
// How it ends, and what it says.
const print = (what, wanted, rest = [], settings = {}) =>
  run(program('amana-print'), [...options(what), ...wanted.map((language) => `--language=${language}`), ...rest], { maxBuffer: 1 << 24, ...settings })
    .then(({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }), ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }));

// ---- how it is read back -----------------------------------------------------------------------------------------------

const tool = async (command, ...args) => (await run(command, args, { maxBuffer: 1 << 26 })).stdout;
const filesOf = (language) => [`card-${language}-back.png`, `card-${language}.pdf`, `card-${language}.png`, `cards-${language}.pdf`,
  `poster-${language}.pdf`, `poster-${language}.png`];

async function sizes(pdf) {
  const said = await tool('pdfinfo', '-f', '1', '-l', '99', pdf);
  return [...said.matchAll(/Page +\d+ size: +([\d.]+) x ([\d.]+)/g)].map(([, ...size]) => size.map((points) => Math.round(points / pointsPerMm * 10) / 10));
}

// Poppler sets right-to-left text in an order of its own, ligatures and vowel signs above all, so letters are counted there.
// It also takes a hyphen at the end of a line for one that is not the word's own.
const bare = (text) => text.normalize('NFKC').replace(/[-\s\p{Cf}]/gu, '');
const counted = (text) => [...bare(text)].sort().join('');
const numbers = { en: 'Police 999, Embassy +90 312 555 01 00', ar: 'الشرطة 999، السفارة +90 312 555 01 00' };
function expected(language, sides) {
  const [, headline, ministry, scan, tor, proof, anonymous, emergency, alone, call] = sentences[language];
  const urgent = numbers[language] ? [emergency, call, numbers[language]] : [emergency, alone];
  const front = [ministry, headline, anonymous, scan, address];
  const back = [proof, root, tor, onion, ...urgent];
  return { front, back, both: [...front, ...back] }[sides];
}
async function holdsWords(pdf, language, sides, page = 1) {
  const text = await tool('pdftotext', '-f', `${page}`, '-l', `${page}`, pdf, '-');
  const wanted = expected(language, sides);
  same(counted(text), counted(wanted.join('')), `${pdf}, page ${page}: the letters, none more and none less`);
  if (sides !== 'front') {
    check(text.includes(onion), `${pdf}: the onion address is copied whole`);
    check(text.includes(root.match(/.{4}/g).join(' ')), `${pdf}: the fingerprint, in groups of four`);
  }
  if (sides !== 'back') check(text.includes(address), `${pdf}: the address in one piece`);
  if (sentences[language][0] === 'ltr')
    for (const sentence of wanted) check(bare(text).includes(bare(sentence)), `${pdf}: ${sentence}`);
  count('pages of text read back');
}

// The boxes of its words, in points.
async function boxes(pdf) {
  const html = await tool('pdftotext', '-bbox', pdf, '-');
  return [...html.matchAll(/xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</g)]
    .map(([, left, top, right, bottom, word]) => ({ left: +left, top: +top, right: +right, bottom: +bottom, word }));
}

// In points, from the matrices of its runs of text as cairo writes them, with fonts at size 1.
function smallestLetter(pdf) {
  const text = inflated(pdf).toString('latin1');
  const said = [...text.matchAll(/\n([\d.]+) 0 0 -\1 [\d.-]+ [\d.-]+ Tm\n/g)].map(([, size]) => +size);
  check(said.length >= 6 && said.length === text.split(' Tm\n').length - 1, `${pdf}: all runs of text, ${said.length}`);
  check([...text.matchAll(/\n\/f-\d+-\d+ ([\d.]+) Tf/g)].every(([, size]) => size === '1'), `${pdf}: fonts at size 1`);
  return Math.min(...said);
}

function pngHead(file) {
  const bytes = fs.readFileSync(file);
  const at = bytes.indexOf('pHYs');
  return { size: [bytes.readUInt32BE(16), bytes.readUInt32BE(20)], perMetre: [bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8), bytes[at + 12]] };
}

// What it says; nothing when there is none.
const qrCode = (png) => tool('zbarimg', '--quiet', '--raw', '--nodbus', '-Sdisable', '-Sqrcode.enable', png).then((text) => text.trim(), () => undefined);

// The same of a PDF's first page, its left half or its right half.
async function qrCodeOfHalf(pdf, [width, height], half) {
  const dots = (mm) => Math.round(mm / 25.4 * 150);
  await tool('pdftoppm', '-r', '150', '-f', '1', '-l', '1', '-x', `${half === 'left' ? 0 : dots(width / 2)}`, '-y', '0', '-W', `${dots(width / 2)}`,
    '-H', `${dots(height)}`, '-png', '-singlefile', pdf, `${folder}/half`);
  return qrCode(`${folder}/half.png`);
}

function inflated(pdf) {
  const bytes = fs.readFileSync(pdf);
  const parts = [bytes];
  for (let at = bytes.indexOf('stream\n'); at >= 0; at = bytes.indexOf('stream\n', at + 7))
    try { parts.push(zlib.inflateSync(bytes.subarray(at + 7))); } catch { /* "endstream", or not compressed */ }
  return Buffer.concat(parts);
}

// ---- what is good ------------------------------------------------------------------------------------------------------

const out = `${folder}/out`;
const logo = `${folder}/logo.png`;
const givenNumbers = languages.filter((language) => numbers[language]).map((language) => `--numbers=${language}=${numbers[language]}`);

await test('it prints every language, and says which files', async () => {
  const { code, said } = await print({ out }, languages, givenNumbers);
  same(code, 0, said);
  same(fs.readdirSync(out).sort(), languages.flatMap(filesOf).sort(), 'the files');
  same(said.trim().split('\n').sort(), languages.flatMap(filesOf).map((name) => `${out}/${name}`).sort(), 'what it says');
  fs.copyFileSync(`${out}/card-en-back.png`, logo);
});

for (const language of languages)
  await test(`${language}: sizes, codes, words`, async () => {
    const file = (name) => `${out}/${name.replace('@', language)}`;
    same(await sizes(file('poster-@.pdf')), [a4], 'the poster');
    same(await sizes(file('card-@.pdf')), [id1, id1], 'front and back of the card');
    same(await sizes(file('cards-@.pdf')), [a4, a4], 'fronts and backs of ten');
    for (const [name, size] of [['poster-@.png', [2480, 3508]], ['card-@.png', [1011, 638]], ['card-@-back.png', [1011, 638]]])
      same(pngHead(file(name)), { size, perMetre: [11811, 11811, 1] }, name);

    for (const [name, size] of [['poster-@', a4], ['card-@', id1]]) {
      same(await qrCode(file(`${name}.png`)), address, `${name}: the QR code`);
      const [end, start] = sentences[language][0] === 'rtl' ? ['left', 'right'] : ['right', 'left'];
      same(await qrCodeOfHalf(file(`${name}.pdf`), size, end), address, `${name}: where reading ends`);
      same(await qrCodeOfHalf(file(`${name}.pdf`), size, start), undefined, `${name}: and nowhere else`);
      count('QR codes read', 2);
    }
    await holdsWords(file('poster-@.pdf'), language, 'both');
    await holdsWords(file('card-@.pdf'), language, 'front');
    await holdsWords(file('card-@.pdf'), language, 'back', 2);
    same((await tool('pdftotext', file('cards-@.pdf'), '-')).split(address).length - 1, 10, 'ten addresses on a sheet');
    same((await tool('pdftotext', file('cards-@.pdf'), '-')).split(onion).length - 1, 10, 'ten onion addresses on a sheet');
    check(smallestLetter(file('card-@.pdf')) >= 5.5, 'letters of a card');
    check(smallestLetter(file('poster-@.pdf')) >= 8, 'letters of a poster');
    for (const [name, [width, height], margin] of [['poster-@.pdf', a4, 15], ['card-@.pdf', id1, 4]])
      for (const box of await boxes(file(name)))
        check(box.left >= margin * pointsPerMm && box.right <= (width - margin) * pointsPerMm && box.bottom <= height * pointsPerMm,
          `${name}: "${box.word}" within its margins`);
  });

await test('the same again, elsewhere and later, gives the same bytes', async () => {
  const again = `${folder}/again`;
  const { code, said } = await print({ out: again }, languages, givenNumbers,
    { cwd: '/', env: { HOME: folder, TZ: 'Asia/Tokyo', LC_ALL: 'C', USER: 'somebody', SOURCE_DATE_EPOCH: '1700000000' } });
  same(code, 0, said);
  for (const name of languages.flatMap(filesOf)) sameBytes(fs.readFileSync(`${again}/${name}`), fs.readFileSync(`${out}/${name}`), name);
});

await test('no file says who made it, where or when', async () => {
  const { username, homedir } = os.userInfo();
  const telling = [os.hostname(), username, homedir, folder, source, os.release()].filter((word) => word.length >= 4);
  for (const name of languages.flatMap(filesOf)) {
    const bytes = name.endsWith('.pdf') ? inflated(`${out}/${name}`) : fs.readFileSync(`${out}/${name}`);
    for (const word of telling) check(!bytes.includes(word), `${name} says ${word}`);
    if (name.endsWith('.pdf')) {
      same([.../\/CreationDate \((.*?)\)/.exec(bytes.toString('latin1'))][1], '19700101000000Z', `${name}: no time`);
      check(!/\/(ModDate|Author|Creator) /.test(bytes.toString('latin1')), `${name}: nothing but title and producer`);
      count('PDFs searched');
    } else {
      const kinds = new Set(['IHDR', 'pHYs', 'bKGD', 'IDAT', 'IEND']);
      for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) check(kinds.has(bytes.toString('latin1', at + 4, at + 8)), `${name}: chunks`);
    }
  }
});

await test('the deployment’s own words, logo and colour; no onion; one format alone', async () => {
  const own = `${folder}/own`;
  const { code, said } = await print({ out: own, set: { onion: undefined, colour: '#f4e04d', logo, address: 'https://a.b/' } }, ['en'],
    ['--headline=en=Know a recruiter? Tell us', '--name=en=Ministry of X', '--only=poster']);
  same(code, 0, said);
  same(fs.readdirSync(own).sort(), ['poster-en.pdf', 'poster-en.png'], 'the poster alone');
  const text = bare(await tool('pdftotext', `${own}/poster-en.pdf`, '-'));
  for (const word of ['Know a recruiter? Tell us', 'Ministry of X', english[8]]) check(text.includes(bare(word)), word);
  for (const word of [english[1], english[4], '.onion', english[9]]) check(!text.includes(bare(word)), `not: ${word}`);
  same(await qrCode(`${own}/poster-en.png`), 'https://a.b/', 'the QR code of a short address');
  for (const only of ['card', 'sheet']) same((await print({ out: `${own}-${only}` }, ['en'], [`--only=${only}`])).code, 0, only);
  same(fs.readdirSync(`${own}-card`).length, 3, 'a card');
  same(fs.readdirSync(`${own}-sheet`), ['cards-en.pdf'], 'a sheet');
});

await test('a long address is broken where it may be, and copied whole', async () => {
  const far = 'https://secure-reports.recruitment.consular.ministry.example.org/ar';
  const { code, said } = await print({ out: `${folder}/far`, set: { address: far } }, ['en']);
  same(code, 0, said);
  for (const name of ['poster-en', 'card-en']) {
    check((await tool('pdftotext', `${folder}/far/${name}.pdf`, '-')).includes(far), `${name}: whole`);
    same(await qrCode(`${folder}/far/${name}.png`), far, `${name}: the QR code`);
  }
});

await test('sentences twice as long still fit, at sizes that can be read', async () => {
  for (const language of ['xx', 'xxx']) {
    const { code, said } = await print({ out: `${folder}/long` }, [language], [`--numbers=${language}=${'+90 312 555 0, '.repeat(12)}`]);
    same(code, 0, said);
    check(smallestLetter(`${folder}/long/card-${language}.pdf`) >= 5.5, `${language}: letters of a card`);
  }
});

// A catalogue that is not translated to the end is named, and nothing is printed of it.
await test('the shipped catalogues', async () => {
  for (const language of full ? fs.readdirSync(`${shipped}/locale`) : ['en', 'ar']) {
    const { code, said } = await print({ out: `${folder}/shipped-${language}`, from: shipped }, [language], [`--numbers=${language}=+90 312 555 01 00`]);
    if (language !== 'en' && code === 1 && said.includes(`the ${language} catalogue lacks "`)) count('catalogues not complete');
    else { same(code, 0, said); count('shipped catalogues printed'); }
  }
});

// ---- what is refused ---------------------------------------------------------------------------------------------------

const refuses = async (code, told, ...args) => {
  const answer = await print(...args);
  same(answer.code, code, answer.said);
  check(answer.said.startsWith(code === 2 ? '' : 'amana-print: '), answer.said);
  for (const word of told) check(answer.said.includes(word), `"${word}" in: ${answer.said}`);
  count('refusals');
};

await test('nothing is overwritten unless it is said', async () => {
  const before = fs.readFileSync(`${out}/card-en.png`);
  fs.writeFileSync(`${out}/poster-en.pdf`, 'mine');
  fs.rmSync(`${out}/poster-en.png`);
  await refuses(1, ['poster-en.pdf exists', '--force'], { out }, ['en']);
  same(fs.readFileSync(`${out}/poster-en.pdf`, 'utf8'), 'mine', 'as it was');
  check(!fs.existsSync(`${out}/poster-en.png`), 'nothing beside it');
  same((await print({ out }, ['en'], ['--force', ...givenNumbers.slice(0, 1)])).code, 0, 'with --force');
  check(fs.readFileSync(`${out}/poster-en.pdf`).subarray(0, 5).equals(Buffer.from('%PDF-')), 'replaced');
  sameBytes(fs.readFileSync(`${out}/card-en.png`), before, 'a card');
});

await test('a letter that no font has is named, not printed as a box', async () => {
  const fonts = `${folder}/fonts`;
  fs.mkdirSync(fonts);
  const latin = await tool('fc-match', '--format=%{file}', 'Noto Sans:lang=en:regular');
  fs.copyFileSync(latin, `${fonts}/latin.ttf`);
  fs.writeFileSync(`${folder}/fonts.conf`, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${fonts}</dir><cachedir>${folder}/cache</cachedir></fontconfig>`);
  const poor = { env: { FONTCONFIG_FILE: `${folder}/fonts.conf` } };
  for (const language of ['ar', 'am', 'bn', 'hi'])
    await refuses(1, ['U+', `the ${language} text`, 'fonts-noto-core'], { out: `${folder}/boxes` }, ['ru', language], [], poor);
  check(!fs.existsSync(`${folder}/boxes`), 'nothing is printed');
  same((await print({ out: `${folder}/boxes` }, ['ru', 'en'], [], poor)).code, 0, 'what it has');
});

await test('mistakes are named with what to do', async () => {
  const nowhere = `${folder}/nowhere`;
  const changed = (set, from) => ({ out: nowhere, set, from });
  await refuses(2, ['--onion', 'checksum', 'hostname file'], changed({ onion: `http://${onion.replace('v', 'w')}` }), ['en']);
  await refuses(2, ['--root', '64 hexadecimal digits'], changed({ root: root.slice(1) }), ['en']);
  await refuses(2, ['--address', 'https://'], changed({ address: 'http://reports.example.org' }), ['en']);
  await refuses(2, ['--address is required'], changed({ address: undefined }), ['en']);
  await refuses(2, ['--colour', '#rrggbb'], changed({ colour: 'red' }), ['en']);
  await refuses(2, ['--only', 'poster, card or sheet'], changed({ only: 'flag' }), ['en']);
  await refuses(2, ['--name is given for fr'], changed({}), ['en'], ['--name=fr=X']);
  await refuses(2, ['--language is required'], changed({}), []);
  await refuses(2, ['--colou'], changed({}), ['en'], ['--colou=#ffffff']);
  await refuses(1, ['qq', 'catalogue'], changed({}), ['qq']);
  await refuses(1, ['not a language code'], changed({}), ['../en']);
  fs.writeFileSync(`${folder}/text.png`, 'no picture');
  await refuses(1, ['--logo', 'PNG'], changed({ logo: `${folder}/text.png` }), ['en']);
  await refuses(1, ['none.png', 'No such file'], changed({ logo: `${folder}/none.png` }), ['en']);
  await refuses(1, ['do not fit', 'Shorten'], changed({}), ['en'], [`--headline=en=${'W'.repeat(200)}`]);
  await refuses(1, ['do not fit', 'card', '5.5'], changed({ only: 'card' }), ['xx'], [`--headline=xx=${'LONG HEADLINE '.repeat(14)}`, `--name=xx=${'LONG NAME '.repeat(19)}`]);
  compile('zz', asPo(english.with(0, 'up')));
  await refuses(1, ['direction', 'neither ltr nor rtl'], changed({}), ['zz']);
  compile('yy', asPo(english.with(5, '')));
  await refuses(1, ['yy catalogue lacks "print_check"'], changed({}), ['en', 'yy']);
  check(!fs.existsSync(nowhere), 'nothing is printed');
  fs.writeFileSync(nowhere, '');
  await refuses(1, ['nowhere'], changed({}), ['en']);
});

summary('print');
