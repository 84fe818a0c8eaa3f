// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The worker over a line that breaks at every place: what was acknowledged is there, nothing is there twice, and "stored" is
// never said without it.

import { check, count, same, sameBytes, summary, test } from '../../support/checks.mjs';
import { Bench, form, named, right } from './bench.mjs';
import { script } from './modules.mjs';
import { some } from './sealing.mjs';

const { backOff } = await script('pause.mjs');
const { readAnswer, writeHead, writePass } = await script('line.mjs');

await test('an answer is one of section 4, and nothing else', () => {
  const bytes = (text) => new TextEncoder().encode(text.padEnd(2048)).buffer;
  same(readAnswer(bytes('{"state":"more","have":5}')), { state: 'more', have: 5, takes: undefined, promise: '' }, 'more');
  same(readAnswer(bytes('{"state":"stored","promise":"x"}')), { state: 'stored', have: undefined, takes: undefined, promise: 'x' }, 'stored');
  const token = '_-'.repeat(21) + 'w';
  same(readAnswer(bytes(`{"state":"price","token":"${token}","bits":9}`)), { state: 'price', bits: 9, token: Uint8Array.from(Buffer.from(token, 'base64url')) }, 'price');
  same(readAnswer(bytes('{"state":"wait","before":31,"about":120,"seconds":8}')), { state: 'wait', before: 31, about: 120, seconds: 8 }, 'wait');
  same(readAnswer(bytes('{"state":"turn"}')).state, 'turn', 'turn');
  for (const [given, bits] of [[token, 0], [token, 25], [token, -1], [token, 'x'], [token.slice(1), 9], [`${token}A`, 9], ['_-'.repeat(21) + 'x', 9], [`${token.slice(1)}*`, 9], [7, 9], [null, 9]])
    same(readAnswer(bytes(JSON.stringify({ state: 'price', token: given, bits }))), null, `price ${given} ${bits}`);
  for (const more of [{ before: undefined }, { about: undefined }, { seconds: undefined }, { before: -1 }, { about: 1.5 }, { before: '1' }, { seconds: 2 ** 32 }])
    same(readAnswer(bytes(JSON.stringify({ state: 'wait', before: 1, about: 1, seconds: 1, ...more }))), null, 'wait');
  for (const bad of ['{"state":"more"}', '{"state":"more","have":-1}', '{"state":"more","have":1.5}', '{"state":"kept"}', 'null', '[]', '', '{"state":"stored"', '<html>'])
    same(readAnswer(bytes(bad)), null, bad);
  for (const length of [0, 2047, 2049]) same(readAnswer(new TextEncoder().encode('{"state":"stored"}'.padEnd(length)).buffer), null, `${length} bytes`);
  const head = new Uint8Array(164).fill(7);
  writeHead(head, { cover: false, promise: true, upload: new Uint8Array(16).fill(2), total: 0x01020304, offset: 0x00080000, keys: new Uint8Array(32).fill(3) });
  same(Buffer.from(head).toString('hex'), `02010100${'02'.repeat(16)}0102030400080000${'03'.repeat(32)}${'00'.repeat(100)}07070707`, 'a head');
  writePass(head, new Uint8Array(64).fill(9));
  same(Buffer.from(head).toString('hex'), `02010100${'02'.repeat(16)}0102030400080000${'03'.repeat(32)}${'09'.repeat(64)}${'00'.repeat(36)}07070707`, 'a head with a pass');
});

await test('a report without files is one piece, and opens', async () => {
  for (const recipients of [1, 2, 4]) {
    const bench = new Bench({ recipients });
    same((await bench.send({ promise: true })).promise, 'a promise', 'the promise');
    same(bench.front.stored.map(({ manifest }) => manifest.answers), [{ story: 'what happened' }], 'at the desk');
    same(bench.front.log.map(({ kind, length }) => [kind, length]), [[1, 160 + 2 + recipients * 1168 + 64 + 32768 + 16]], 'requests');
    right(bench);
  }
});

await test('files arrive whole, in pieces', async () => {
  const bench = new Bench();
  const contents = [some(3 << 20), some(1), some(700001)];
  const files = await bench.add(...contents.map((content, i) => named(content, `${i}.bin`)));
  same((await bench.send({ files })).state, 'stored', 'the end');
  const [{ attachments, manifest }] = bench.front.stored;
  contents.forEach((content, i) => sameBytes(attachments[i].data, content, `file ${i}`));
  same(manifest.attachments.map(({ name }) => name), ['0.bin', '1.bin', '2.bin'], 'names');
  same(bench.front.log.map(({ offset }) => offset), Array.from({ length: 9 }, (_, i) => i * 524288), 'pieces, each once');
  right(bench);
});

await test('the line may break at any request, before or after the front has read it', async () => {
  for (const size of [0, 1 << 20]) {
    for (let at = 0; at < (size ? 5 : 1); at += 1) {
      for (const how of ['break before', 'break after']) {
        for (const times of [1, 4]) {
          const bench = new Bench();
          const files = size ? await bench.add(named(some(size))) : [];
          bench.front.meddle = ({ kind, n }) => (kind === 1 && n >= at && n < at + times ? how : null);
          same((await bench.send({ files })).state, 'stored', `${size}, ${how} ${at}`);
          same(bench.front.stored.length, 1, 'reports at the desk');
          check(bench.states().some((state) => state === 'not_yet' || state === 'unknown'), 'it was said');
          check(!bench.states().slice(0, -1).includes('stored'), 'nothing else');
          // Only what is missing is sent again: no piece more often than it was broken.
          const sent = new Map();
          for (const { offset } of bench.front.log) sent.set(offset, (sent.get(offset) || 0) + 1);
          same([...sent.values()].reduce((sum, n) => sum + n - 1, 0), times, 'pieces sent again');
          same(bench.pause.slept, Array.from({ length: times }, (_, i) => backOff(i + 1)), 'longer and longer');
          right(bench);
          count('broken lines');
        }
      }
    }
  }
});

await test('"we do not know" is said of the last piece, "not sent" of others', async () => {
  const bench = new Bench();
  const files = await bench.add(named(some(1 << 20)));
  bench.front.meddle = ({ n }) => (n === 1 || n === 5 ? 'break before' : null);
  await bench.send({ files });
  same(bench.states().filter((state) => state !== 'sending'), ['not_yet', 'unknown'], 'what was said');
});

await test('a front that has forgotten gets it from the start, once at the desk by its id', async () => {
  for (const at of [1, 2, 4]) {
    const bench = new Bench();
    const content = some(1 << 20);
    const files = await bench.add(named(content));
    bench.front.meddle = ({ n }) => { if (n === at) bench.front.uploads.clear(); return null; };
    same((await bench.send({ files })).state, 'stored', 'the end');
    sameBytes(bench.front.stored[0].attachments[0].data, content, 'the file');
    same(new Set(bench.front.log.map(({ upload }) => upload)).size, 2, 'uploads');
    check(bench.states().includes('from_start'), 'it was said');
    right(bench);
  }
  // It had been stored, and both the answer and the front's memory of it were lost: two envelopes of one submission.
  const bench = new Bench();
  bench.front.meddle = ({ n }) => { if (n === 1) bench.front.uploads.clear(); if (n === 1) return { state: 'again' }; return n === 0 ? 'break after' : null; };
  same((await bench.send()).state, 'stored', 'the end');
  same(bench.front.stored.length, 2, 'envelopes');
  same(new Set(bench.front.stored.map(({ manifest }) => manifest.id)).size, 1, 'submissions');
});

await test('new keys in the middle: fetched, sealed anew, opened with the new secret', async () => {
  const bench = new Bench();
  const files = await bench.add(named(some(1 << 20)));
  bench.front.meddle = ({ kind, n }) => { if (kind === 1 && n === 2) bench.front.newKeys(); return null; };
  same((await bench.send({ files })).state, 'stored', 'the end');
  same(bench.front.stored.length, 1, 'reports');
  check(bench.states().includes('new_keys'), 'it was said');
  right(bench);
});

await test('a page left open past an epoch: keys by the front\'s clock', async () => {
  const bench = new Bench();
  await bench.heard(({ say }) => say === 'keys');
  let now = 0;
  const start = Date.now();
  bench.front.clock = () => start + now;
  const { Keys } = await script('keys.mjs');
  const keys = new Keys({ root: bench.front.fingerprint, fetch: bench.front.fetch, pause: bench.pause, now: () => now });
  check(await keys.current(), 'valid');
  now = 31 * 86400000;
  bench.front.newKeys();
  const { digest } = await keys.current();
  sameBytes(digest, bench.front.digest, 'the new key');
  now = 90 * 86400000;
  same(await keys.current(), null, 'none is valid');
});

await test('busy is tried again; full, closed, failed and bad end it, and nothing is there', async () => {
  const bench = new Bench();
  bench.front.meddle = ({ n }) => (n < 3 ? { state: 'busy' } : null);
  same((await bench.send()).state, 'stored', 'after busy');
  check(bench.states().includes('busy'), 'it was said');
  for (const state of ['full', 'closed', 'failed', 'bad']) {
    const other = new Bench();
    other.front.meddle = ({ kind }) => (kind === 1 ? { state } : null);
    const ended = await other.send();
    same([ended.state, ended.perhaps, ended.takes], [state, false, undefined], state);
    same(other.front.stored.length, 0, 'reports');
    // And again, by hand: the same submission.
    other.front.meddle = () => null;
    same((await other.send()).state, 'stored', 'again');
  }
  const never = new Bench();
  never.front.meddle = ({ kind }) => (kind === 1 ? { state: 'keys' } : null);
  same((await never.send()).state, 'failed', 'keys for ever');
});

await test('what is no answer is a broken line', async () => {
  for (const strange of [{ status: 502, raw: [60] }, { status: 200, raw: Buffer.from('<html>'.padEnd(2048)) }, { status: 200, raw: Buffer.from('{"state":"stored"}') }, { status: 413, raw: [] }]) {
    const bench = new Bench();
    bench.front.meddle = ({ kind, n }) => (kind === 1 && n === 0 ? { state: 'raw', ...strange } : null);
    same((await bench.send()).state, 'stored', 'the end');
    same(bench.front.log.length, 2, 'requests');
    same(bench.front.stored.length, 1, 'reports');
  }
  // A front that claims to have stored what it has not been sent, or to have more than it was sent.
  for (const lie of [{ state: 'stored', promise: '' }, { state: 'more', have: 99999999 }, { state: 'more', have: 0 }]) {
    const bench = new Bench();
    const files = await bench.add(named(some(1 << 20)));
    bench.front.meddle = ({ n }) => (n === 1 ? lie : null);
    same((await bench.send({ files })).state, 'stored', 'the end');
    same(bench.front.stored.length, 1, 'reports');
  }
});

await test('false keys: nothing is sent', async () => {
  const bench = new Bench();
  bench.workshop.start({ sealing: { root: '00'.repeat(32), report: '/en/report', cover: null, form }, saving: false });
  const ended = await bench.send();
  same([ended.state, bench.front.log.length], ['false', 0], 'the end');
  // A set that was signed, and is older than the one seen before.
  const later = new Bench();
  later.front.newKeys();
  same((await later.send()).state, 'stored', 'the newer set');
  later.front.serial = 0;
  later.front.newKeys();
  same([(await later.send()).state, later.front.stored.length], ['false', 1], 'the older set');
});

await test('no key set at all: it can\'t be sealed here; a broken line to it is tried on', async () => {
  const bench = new Bench();
  bench.front.meddle = ({ kind }) => (kind === 'keys' ? { status: 404 } : null);
  same((await bench.send()).state, 'unable', 'the end');
  const other = new Bench();
  let breaks = 7;
  other.front.meddle = ({ kind }) => { if (kind === 'keys' && breaks > 0) { breaks -= 1; return 'break before'; } return null; };
  same((await other.send()).state, 'stored', 'the end');
  check(other.states().includes('not_yet'), 'it was said');
});

await test('cancelled anywhere: what is said of it is true, and what is sent again is the same sending', async () => {
  for (let at = 0; at < 6; at += 1) {
    for (const how of ['break before', 'break after', null]) {
      const bench = new Bench();
      const files = await bench.add(named(some(1 << 20)));
      bench.front.meddle = ({ n }) => {
        if (n === at) { bench.workshop.cancel(); return how; }
        return null;
      };
      const ended = await bench.send({ files });
      if (bench.front.stored.length > 0) check(ended.state === 'stored' || ended.perhaps, `it was stored at ${at}`);
      if (ended.state === 'stored') same(bench.front.stored.length, 1, 'stored');
      if (at < 5 && ended.state === 'cancelled') same(ended.perhaps, at >= 4, 'only the last piece leaves doubt');
      bench.front.meddle = () => null;
      if (ended.state === 'stored') continue;
      same((await bench.send({ files, answers: { story: 'changed' } })).state, 'stored', 'again');
      same(new Set(bench.front.stored.map(({ manifest }) => manifest.id)).size, 1, 'submissions');
      count('cancels');
    }
  }
});

await test('a doubt stays until it is settled', async () => {
  // An answer that never came, and then another that settles nothing.
  const bench = new Bench();
  bench.front.meddle = ({ n }) => {
    if (n === 0) return 'break after';
    bench.workshop.cancel();
    return { state: 'busy' };
  };
  const ended = await bench.send();
  same([ended.state, ended.perhaps, bench.front.stored.length], ['cancelled', true, 1], 'busy');
  // What is said of another envelope of it says nothing about the first.
  bench.front.meddle = ({ kind }) => (kind === 1 ? { state: 'full' } : null);
  const full = await bench.send();
  same([full.state, full.perhaps], ['full', true], 'full');
  bench.front.meddle = () => null;
  same((await bench.send()).perhaps, false, 'stored');
  // Of the same envelope it does.
  const other = new Bench();
  other.front.meddle = ({ kind, n }) => (kind === 1 ? (n === 0 ? 'break before' : { state: 'full' }) : null);
  same((await other.send()).perhaps, false, 'full, of the same');
});

await test('a front that has less than it said is sent another envelope, not the same piece for ever', async () => {
  for (const have of [0, 99999999]) {
    const bench = new Bench();
    const files = await bench.add(named(some(1 << 20)));
    let first = null;
    bench.front.meddle = ({ upload, n }) => {
      first = first || upload;
      return upload === first && n > 0 ? { state: 'more', have } : null;
    };
    same((await bench.send({ files })).state, 'stored', 'the end');
    same(new Set(bench.front.log.map(({ upload }) => upload)).size, 2, 'uploads');
  }
});

await test('two reports of one page are two', async () => {
  const bench = new Bench();
  await bench.send();
  await bench.send();
  same(new Set(bench.front.stored.map(({ manifest }) => manifest.id)).size, 2, 'submissions');
});

await test('a file that went away is named, and nothing is stored', async () => {
  const bench = new Bench();
  const gone = { name: 'gone', type: '', size: 1 << 20, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) };
  const files = [...await bench.add(named(some(10))), ...await bench.add(gone)];
  const ended = await bench.send({ files });
  same([ended.state, ended.file, bench.front.stored.length], ['unreadable', 1, 0], 'the end');
});

await test('a report that is too long or too large is refused at once, and what it would cost is known', async () => {
  const bench = new Bench();
  same((await bench.send({ answers: { story: 'x'.repeat(40000) } })).state, 'too_long', 'long');
  const files = await bench.add(named(some(100000)));
  const cost = bench.heard(({ say }) => say === 'cost');
  bench.workshop.cost({ files, answers: {} });
  same((await cost).bytes, 2 + 1168 + 64 + (256 << 10) + 16 * 4, 'cost');
  same(bench.front.log.length, 0, 'requests');
});

await test('a text report takes the next moment; one with files, or that may not wait, goes at once', async () => {
  const bench = new Bench({ cover: { mean: 45, most: 20 } });
  same(bench.said[0], { say: 'ready', hides: true, bytes: 20 * (34018 + 160) }, 'what it costs');
  const settle = async () => { for (let i = 0; i < 200; i += 1) await new Promise((resolve) => { setImmediate(resolve); }); };
  await settle();
  bench.moment();
  await settle();
  same([bench.front.covers, bench.front.stored.length], [1, 0], 'a cover body');
  const sent = bench.send();
  await settle();
  same(bench.front.log.length, 1, 'it waits');
  check(bench.said.some(({ say }) => say === 'waiting'), 'it was said');
  bench.moment();
  same((await sent).state, 'stored', 'the end');
  await settle();
  bench.moment();
  await settle();
  same([bench.front.covers, bench.front.stored.length], [2, 1], 'and cover goes on');
  same(new Set(bench.front.log.map(({ length }) => length)).size, 1, 'all of one length');
  const files = await bench.add(named(some(10)));
  same((await bench.send({ files })).state, 'stored', 'with files');
  const hurried = bench.send();
  await settle();
  bench.workshop.hurry();
  same((await hurried).state, 'stored', 'at once');
  const dropped = bench.send();
  await settle();
  bench.workshop.cancel();
  same([(await dropped).state, bench.front.stored.length], ['cancelled', 3], 'cancelled while it waits');
  bench.moment();
  await settle();
  same([bench.front.covers, bench.front.stored.length], [3, 3], 'and its place is taken by cover');
  right(bench);
});

await test('on a broken line the next try of a cover body becomes that of a report, no sooner', async () => {
  const bench = new Bench({ cover: { mean: 45, most: 20 } });
  const settle = async () => { for (let i = 0; i < 200; i += 1) await new Promise((resolve) => { setImmediate(resolve); }); };
  await settle();
  let breaks = 5, sent = null;
  bench.front.meddle = ({ kind }) => {
    if (kind === 'keys' || breaks === 0) return null;
    breaks -= 1;
    if (breaks === 2) sent = bench.send();
    return 'break before';
  };
  bench.moment();
  await settle();
  same((await sent).state, 'stored', 'the end');
  same(bench.pause.slept, [1, 2, 3, 4, 5].map(backOff), 'as for a cover body');
  same([bench.front.covers, bench.front.stored.length], [0, 1], 'what arrived');
});

summary('web_script_sending');
