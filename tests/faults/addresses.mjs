// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What stays of who connected: nothing. From addresses that nobody else has (127.77.x.y) pages are asked for, reports are sent, and
// much that is refused. While they are connected the front holds the keyed hash of their networks, and whoever reads its memory finds
// the key and can try addresses: this is done here, which shows that the search would find what is there. After they have gone,
// neither an address, in bytes or as text, nor its network, nor that hash, is in the memory of any of the processes, in a file or in a
// line that was said; at full count the same ten minutes later, when the key is gone too.

import fs from 'node:fs';
import path from 'node:path';

import { Desk, scratch, Server } from '../support/amana.mjs';
import { check, count, full, same, sleep, summary, test } from '../support/checks.mjs';
import { request, sendReport } from '../support/client.mjs';
import { mappings, needsRoot } from './process.mjs';
import { connect, requestHead, write } from './raw.mjs';

needsRoot('reads the memory of processes that hide it');

const mask = (1n << 64n) - 1n;
const rotate = (value, by) => ((value << by) | (value >> (64n - by))) & mask;

// SipHash-2-4 (Aumasson and Bernstein 2012) of fewer than eight bytes.
function siphash(key, bytes) {
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)];
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rounds = (n) => {
    for (let i = 0; i < n; i += 1) {
      v0 = (v0 + v1) & mask; v1 = rotate(v1, 13n) ^ v0; v0 = rotate(v0, 32n);
      v2 = (v2 + v3) & mask; v3 = rotate(v3, 16n) ^ v2;
      v0 = (v0 + v3) & mask; v3 = rotate(v3, 21n) ^ v0;
      v2 = (v2 + v1) & mask; v1 = rotate(v1, 17n) ^ v2; v2 = rotate(v2, 32n);
    }
  };
  const last = Buffer.alloc(8);
  Buffer.from(bytes).copy(last);
  last[7] = bytes.length;
  const word = last.readBigUInt64LE();
  v3 ^= word;
  rounds(2);
  v0 ^= word;
  v2 ^= 0xffn;
  rounds(4);
  const hash = Buffer.alloc(8);
  hash.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3);
  return hash;
}
same(siphash(Buffer.from([...Array(16).keys()]), [0, 1, 2, 3, 4, 5, 6]).toString('hex'), '37d1018bf50002ab', 'the published vector');

const addresses = Array.from({ length: 6 }, (_, i) => `127.77.${101 + 23 * i}.${211 - 17 * i}`);
const bytesOf = (address) => address.split('.').map(Number);
// As the front hashes it: 4, and what a /24 has in common, in room for a /48.
const networkOf = (address) => Buffer.from([4, ...bytesOf(address).slice(0, 3), 0, 0, 0]);

// What a process may write to, and so could keep something in: [{ at, bytes }].
function memoryOf(pid) {
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  const all = [];
  for (const { from, to, permissions } of mappings(pid)) {
    if (!permissions.startsWith('rw')) continue;
    // By pages, where a guard page would hide the rest.
    const bytes = Buffer.alloc(to - from);
    for (let at = 0; at < bytes.length; at += 4096) {
      try { fs.readSync(memory, bytes, at, 4096, from + at); } catch { /* not there */ }
    }
    all.push({ at: from, bytes });
  }
  fs.closeSync(memory);
  count('MiB read', Math.round(all.reduce((sum, { bytes }) => sum + bytes.length, 0) / 2 ** 20));
  return all;
}

const places = (memory, needle, aligned = 1) => {
  const found = [];
  for (const { at, bytes } of memory)
    for (let i = bytes.indexOf(needle); i >= 0; i = bytes.indexOf(needle, i + 1)) if (i % aligned === 0) found.push((at + i).toString(16));
  return found;
};

// The key under which the front hashes: it lies at the end of a page of its own, and what it makes of an address is there as well.
function keyIn(memory, address) {
  const made = new Map();
  for (const { bytes } of memory)
    for (let end = 4096; end <= bytes.length; end += 4096) {
      const key = bytes.subarray(end - 16, end);
      if (key.every((byte) => byte === 0)) continue;
      made.set(siphash(key, networkOf(address)).readBigUInt64LE(), Buffer.from(key));
    }
  for (const { bytes } of memory) {
    const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length >> 3);
    for (const word of words) if (word !== 0n && made.has(word)) return made.get(word);
  }
  return null;
}

// What of an address is there, beside bytes that are four by chance.
function traces(memory, key) {
  const found = [];
  for (const address of addresses) {
    const hash = siphash(key, networkOf(address));
    const needles = {
      hash: [hash],
      'hash, reversed': [Buffer.from(hash).reverse()],
      network: [networkOf(address)],
      text: [Buffer.from(address)],
      'bytes, as in a socket address': [Buffer.from(bytesOf(address)), 4],
      'bytes, mapped': [Buffer.from([0xff, 0xff, ...bytesOf(address)])],
    };
    for (const [what, [needle, aligned]] of Object.entries(needles))
      for (const at of places(memory, needle, aligned)) found.push(`${address}: ${what} at ${at}`);
  }
  return found;
}

function filesBelow(folder) {
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

function nothingIsKept(server, key, when) {
  for (const [name, pid] of Object.entries(server.processes())) same(traces(memoryOf(pid), key), [], `${when}, in the memory of the ${name}`);
  for (const file of filesBelow(server.folder)) same(traces([{ at: 0, bytes: fs.readFileSync(file) }], key), [], `${when}, in ${file}`);
  check(!server.child.output.includes('127.77.'), `${when}, it says:\n${server.child.output}`);
}

// All kinds of conversation, of which some stay open: those.
async function converse(server, localAddress, i) {
  const story = `They promised work abroad and took our papers; report number ${i}.`;
  same((await request(`${server.url}/en/`, { localAddress })).status, 200, 'the form');
  same((await sendReport(server.url, { story }, { language: 'en', localAddress })).status, 303, 'a report');
  same((await sendReport(server.url, { story: '' }, { language: 'en', localAddress })).status, 422, 'an empty report');
  same((await request(`${server.url}/nowhere`, { localAddress })).status, 404, 'an address that is none');
  const open = await connect(server.port, { localAddress });
  await write(open, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`);
  const halfway = await connect(server.port, { localAddress });
  await write(halfway, Buffer.concat([requestHead(5000), Buffer.from('the beginning of it')]));
  const idle = await connect(server.port, { localAddress });
  return [open, halfway, idle];
}

const folder = scratch('addresses');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk);
await server.start();
const own = await request(`${server.url}/en/`); // of this machine's own address, as others come
same(own.status, 200, 'the form');

const open = [];
for (const [i, address] of addresses.entries()) open.push(...(await converse(server, address, i)));
let key = null;
await test('while they are connected the search finds their hashes, and by the key that lies beside', async () => {
  const memory = memoryOf(server.processes().front);
  key = keyIn(memory, addresses[0]);
  check(key, 'the key is found');
  for (const address of addresses) check(places(memory, siphash(key, networkOf(address))).length > 0, `the hash of ${address} is found`);
});
for (const socket of open) socket.destroy();
await sleep(12_000); // what is said to who is gone lingers for ten seconds

await test('nothing is kept of who has gone', async () => nothingIsKept(server, key, 'after they went'));
if (full)
  await test('nor ten minutes later, when nobody else has come; the key is another', async () => {
    await sleep(600_000);
    nothingIsKept(server, key, 'ten minutes later');
    same(places(memoryOf(server.processes().front), key), [], 'the old key');
  });
await test('it ends, and has said nothing of them', async () => {
  same(await server.stop(), 0, 'exit code');
  check(!/127\.77\./.test(server.child.output), `it says:\n${server.child.output}`);
});
summary('faults/addresses');
process.exit();
