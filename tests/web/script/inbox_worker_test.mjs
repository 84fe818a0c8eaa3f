// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The inbox page's worker against a server that says everything it may say, and some that it may not: what is opened, what is
// asked for on the way, what reaches the desk.

import { check, count, same, sameBytes, summary, test } from '../../support/checks.mjs';
import { inboxOf, isForget } from '../../vectors/answers.mjs';
import { Bench, named, right } from './bench.mjs';
import { script } from './modules.mjs';
import { some } from './sealing.mjs';

const { InboxWorkshop } = await script('inbox_worker.mjs');
const { newCode } = await script('receipt.mjs');

const code = newCode(some), other = newCode(some);
const inArabic = (digits) => [...digits].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join('').replace(/.{4}/g, '$& ');

class InboxBench extends Bench {
  constructor(more = {}) {
    super({ Workshop: InboxWorkshop, ...more });
    this.inbox = this.front.inbox;
  }

  ask(message, say) {
    const heard = this.heard((one) => one.say === say);
    this.workshop[message.do](message);
    return heard;
  }
  open(typed = code) { return this.ask({ do: 'open', typed }, 'opened'); }
  get(number) { return this.ask({ do: 'get', number }, 'got'); }
  write(text, files = []) { return this.ask({ do: 'write', text, files }, 'ended'); }
  erase() { return this.ask({ do: 'erase' }, 'erased'); }
  asked() { return this.inbox.log.map(({ address }) => address); }

  // A letter for `code`, among others, in the outbox.
  static with(messages, { notice = null, ...more } = {}) {
    const bench = new InboxBench(more);
    bench.inbox.letters = [{ to: other, messages: [{ text: 'for somebody else' }] }, { to: code, messages }];
    bench.inbox.notice = notice;
    bench.inbox.publish();
    return bench;
  }
}

const map = { name: 'map.png', content: some(70000) }, note = { name: '../خريطة.txt', type: 'text/plain', content: some(5) };

await test('a letter is opened, with its notice; whatever the digits', async () => {
  for (const typed of [code, inArabic(code)]) {
    const bench = InboxBench.with([{ text: 'متى؟', day: 20786, files: [map] }, { text: 'x'.repeat(9000), day: 20790, files: [note] }], { notice: { day: 1, text: 'to all' } });
    const { state, messages, notice } = await bench.open(typed);
    same([state, notice], ['letter', { day: 1, text: 'to all' }], 'the letter');
    same(messages, [{ day: 20786, text: 'متى؟', files: [{ number: 0, name: 'map.png', size: 70000 }] },
      { day: 20790, text: 'x'.repeat(9000), files: [{ number: 1, name: '../خريطة.txt', size: 5 }] }], 'messages');
    same(bench.asked(), ['/inbox/table', '/inbox/bucket'], 'requests');
  }
});

await test('the two faults of a code, and nothing is asked for', async () => {
  const bench = InboxBench.with([{ text: 'x' }]);
  same((await bench.open(code.slice(1))).state, 'count', 'too short');
  same((await bench.open(`${(Number(code[0]) + 1) % 10}${code.slice(1)}`)).state, 'check', 'a wrong digit');
  same(bench.asked(), [], 'requests');
});

await test('no answer: nobody\'s code and no outbox are said alike, and asked for alike', async () => {
  const bench = InboxBench.with([{ text: 'x' }]);
  const nobody = newCode(some);
  same(await bench.open(nobody), { say: 'opened', state: 'empty', messages: null, notice: null }, "nobody's");
  same(bench.asked(), ['/inbox/table', '/inbox/bucket'], 'requests');
  same(bench.inbox.log[1].body.length, 12, 'a bucket is asked for by its number alone');
  const none = new InboxBench();
  same(await none.open(), { say: 'opened', state: 'empty', messages: null, notice: null }, 'no outbox');
  const late = InboxBench.with([{ text: 'x' }]);
  late.inbox.expires = Math.floor(Date.now() / 1000) - 120;  // its clock is a minute's
  late.inbox.publish();
  same((await late.open()).state, 'empty', 'an outbox that has expired');
});

await test('no code, id or tag is in any request', async () => {
  const bench = InboxBench.with([{ text: 'x', files: [map] }]);
  await bench.open();
  await bench.get(0);
  const { inbox, reply, erasure } = bench.inbox.keys(code);
  for (const { address, body } of bench.inbox.log) {
    const sent = `${address} ${body ? Buffer.from(body).toString('latin1') : ''}`;
    for (const secret of [code, code.slice(0, 27)]) check(!sent.includes(secret), 'the code');
    for (const secret of [inbox, reply, erasure]) check(!sent.includes(Buffer.from(secret.subarray(0, 4)).toString('latin1')), 'a key');
  }
});

await test('what is not the courier\'s, or damaged, is not shown', async () => {
  const damaged = async (what, change, wanted = 'damaged') => {
    const bench = InboxBench.with([{ text: 'x' }], { notice: { day: 1, text: '' } });
    await change(bench);
    const said = await bench.open();
    same([said.state, said.messages, said.notice], [wanted, undefined, undefined], what);
    count('refusals');
  };
  const { FakeFront } = await import('./front.mjs');
  const stranger = new FakeFront().courier;
  await damaged('a stranger signs all of it', ({ inbox }) => { inbox.courier = stranger; inbox.publish(); });
  await damaged('a stranger signs the letter, and the courier the note', ({ inbox }) => {
    const { note: good } = inbox.outbox;
    inbox.courier = stranger;
    inbox.serial -= 1n;
    inbox.publish();
    inbox.outbox.note = good;
  });
  await damaged('a note for another deployment', ({ inbox }) => inbox.publish({ deployment: 'other' }));
  await damaged('no note', ({ inbox }) => { inbox.outbox.note = Buffer.from('no note'); });
  await damaged('a bit of every slot changed', ({ inbox }) => { for (const slot of inbox.outbox.slots) slot[2000] ^= 1; });
  await damaged('a letter of another outbox under this serial', ({ inbox }) => {
    const old = inbox.outbox.slots;
    inbox.publish();
    const tag = inbox.outbox.slots.map((slot) => slot.slice(0, 16));
    inbox.outbox.slots = inbox.outbox.slots.map((slot, i) => Uint8Array.from([...tag[i], ...old[i].subarray(16)]));
  });
  await damaged('the notice changed', ({ inbox }) => { inbox.outbox.notice[5] ^= 1; });
  await damaged('an older outbox than before', async (bench) => {
    bench.inbox.publish();
    await bench.open();
    bench.inbox.serial -= 2n;
    bench.inbox.publish();
  });
  await damaged('a courier who is not valid any more', (bench) => bench.front.newKeys({ from: -7200, to: -3600 }));
  await damaged('keys of another root', async (bench) => { bench.workshop.start({ sealing: { root: '00'.repeat(32), report: '/en/report' } }); }, 'false');
});

await test('a new courier: the key set is asked for once more', async () => {
  const bench = InboxBench.with([{ text: 'x' }]);
  await bench.heard(({ say }) => say === 'keys');
  const { FakeFront } = await import('./front.mjs');
  bench.front.courier = new FakeFront().courier;
  bench.front.newKeys();
  bench.inbox.publish();
  same((await bench.open()).state, 'letter', 'opened');
});

await test('another outbox comes between: asked anew, and not for ever', async () => {
  const bench = InboxBench.with([{ text: 'first' }]);
  let times = 2;
  bench.inbox.meddle = ({ address }) => {
    if (address === '/inbox/bucket' && times > 0) { times -= 1; bench.inbox.publish(); }
    return null;
  };
  same((await bench.open()).messages[0].text, 'first', 'opened');
  same(bench.asked(), [1, 2, 3].flatMap(() => ['/inbox/table', '/inbox/bucket']), 'requests');
  times = 1000;
  same((await bench.open()).state, 'broken', 'for ever');
  check(bench.asked().length < 20, 'it gives up');
});

await test('a broken line is said, and the next try is free', async () => {
  for (const strange of ['break', { status: 502, bytes: [60] }, { status: 200, bytes: Buffer.alloc(100) }]) {
    const bench = InboxBench.with([{ text: 'x' }]);
    for (const where of ['/inbox/table', '/inbox/bucket']) {
      if (where === '/inbox/table' && strange.status === 200) continue;  // a note that is none is not believed
      bench.inbox.meddle = ({ address }) => (address === where ? strange : null);
      same((await bench.open()).state, 'broken', where);
    }
    bench.inbox.meddle = () => null;
    same((await bench.open()).state, 'letter', 'again');
  }
});

await test('a file is fetched by choice, verified, and found again in the next outbox', async () => {
  const bench = InboxBench.with([{ text: 'x', files: [map, note] }]);
  await bench.open();
  check(!bench.asked().includes('/inbox/file'), 'none before');
  const contentOf = async ({ blob }) => new Uint8Array(await blob.arrayBuffer());
  for (const [number, { content }] of [map, note].entries()) {
    const got = await bench.get(number);
    same([got.state, got.number, got.blob.type], ['file', number, 'application/octet-stream'], 'fetched');
    sameBytes(await contentOf(got), content, 'content');
  }
  bench.inbox.publish();
  sameBytes(await contentOf(await bench.get(1)), note.content, 'from the next outbox');
  for (const bytes of bench.inbox.outbox.files.values()) bytes[3] ^= 1;
  same((await bench.get(0)).state, 'damaged', 'a byte changed');
  bench.inbox.meddle = ({ address }) => (address === '/inbox/file' ? 'break' : null);
  same((await bench.get(0)).state, 'broken', 'a broken line');
  bench.inbox.meddle = () => null;
  bench.inbox.letters[1].messages = [{ text: 'x', files: [note] }];
  bench.inbox.publish();
  same((await bench.get(0)).state, 'gone', 'not there any more');
});

await test('what is written on is a follow_up of this inbox, and goes as a report goes', async () => {
  const bench = InboxBench.with([{ text: 'x' }]);
  await bench.open();
  same((await bench.write('نعم')).state, 'stored', 'a text');
  const files = await bench.add(named(some(100000), 'x.bin'));
  bench.front.meddle = ({ n }) => (n === 1 ? 'break after' : null);
  same((await bench.write('', files)).state, 'stored', 'a file');
  const inbox = inboxOf(bench.inbox.keys(code));
  same(bench.front.stored.map(({ manifest }) => [manifest.kind, manifest.form, manifest.answers, manifest.inbox]),
    [['follow_up', { id: 'follow_up', version: 1 }, { text: 'نعم' }, inbox], ['follow_up', { id: 'follow_up', version: 1 }, { text: '' }, inbox]], 'at the desk');
  same(new Set(bench.front.stored.map(({ manifest }) => manifest.id)).size, 2, 'submissions');
  same(bench.front.stored[1].attachments[0].size, 100000, 'the file');
  same(bench.front.log[0].length, 160 + 2 + 1168 + 64 + 32768 + 16, 'of the length of a report');
  same((await bench.write('x'.repeat(40000))).state, 'too_long', 'what does not fit');
  same(bench.inbox.log.length, 2, 'nothing else is asked for');
  right(bench);
});

await test('erased: the desk is asked first, then the server erases what is this inbox\'s', async () => {
  const bench = InboxBench.with([{ text: 'x'.repeat(5000), files: [map] }, { text: 'y', files: [note] }]);
  await bench.open();
  const { outbox } = bench.inbox, before = outbox.slots.map((slot) => Buffer.from(slot));
  bench.inbox.meddle = ({ address }) => { if (address === '/inbox/erase') same(bench.front.stored.length, 1, 'the desk first'); return null; };
  same((await bench.erase()).state, 'erased', 'the end');
  const [{ manifest }] = bench.front.stored;
  same([manifest.kind, manifest.form, manifest.inbox, Object.keys(manifest.answers)], ['erasure', { id: 'erasure', version: 1 }, inboxOf(bench.inbox.keys(code)), ['signature']], 'at the desk');
  check(isForget(manifest, bench.inbox.root), 'it is signed');
  same(bench.inbox.erased.length, 2 + 2, 'two slots, two files');
  const changed = outbox.slots.filter((slot, i) => !before[i].equals(Buffer.from(slot))).length;
  same(changed, 2, 'slots of nobody else');
  same((await bench.open()).state, 'empty', 'there is none any more');
  same((await bench.open(other)).state, 'letter', "somebody else's is there");
  right(bench);
});

await test('erasing over a line that breaks: the desk is asked once, the server until it has heard', async () => {
  for (const strange of ['break', { status: 503, bytes: [] }, { status: 400, bytes: [] }, { status: 200, bytes: Buffer.from('NO') }]) {
    const bench = InboxBench.with([{ text: 'x' }]);
    await bench.open();
    bench.inbox.meddle = ({ address }) => (address === '/inbox/erase' ? strange : null);
    same((await bench.erase()).state, 'broken', 'said');
    bench.inbox.meddle = () => null;
    bench.inbox.publish();
    same((await bench.erase()).state, 'erased', 'again');
    same([bench.front.stored.length, bench.inbox.erased.length], [1, 1], 'asked once, erased once');
  }
  const stale = InboxBench.with([{ text: 'x' }]);
  await stale.open();
  let once = true;
  stale.inbox.meddle = ({ address }) => { if (once && address === '/inbox/erase') { once = false; stale.inbox.publish(); } return null; };
  same([(await stale.erase()).state, stale.inbox.erased.length], ['erased', 1], 'another outbox came between');
  // The desk did not hear: the server is asked nothing.
  const full = InboxBench.with([{ text: 'x' }]);
  await full.open();
  full.front.meddle = ({ kind }) => (kind === 1 ? { state: 'full' } : null);
  same([(await full.erase()).state, full.inbox.erased.length], ['full', 0], 'full');
});

await test('an erasure is no second sending of a message whose answer never came', async () => {
  const bench = InboxBench.with([{ text: 'x' }]);
  await bench.open();
  bench.front.meddle = ({ kind, n }) => { if (kind === 1 && n === 0) { bench.workshop.cancel(); return 'break after'; } return null; };
  same((await bench.write('y')).perhaps, true, 'nobody knows');
  same((await bench.erase()).state, 'erased', 'the end');
  same(new Set(bench.front.stored.map(({ manifest }) => manifest.id)).size, 2, 'submissions');
});

await test('a letter that is damaged can be erased, too', async () => {
  const bench = InboxBench.with([{ text: 'x' }]);
  for (const slot of bench.inbox.outbox.slots) slot[4000] ^= 1;
  same((await bench.open()).state, 'damaged', 'damaged');
  same([(await bench.erase()).state, bench.inbox.erased.length], ['erased', 1], 'erased');
});

summary('web_script_inbox');
