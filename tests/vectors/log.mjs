// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A verifier of the log, written from docs/LOG.md, docs/ENVELOPE.md (section 4) and RFC 6962 alone; the section numbers
// below are LOG.md's.
//
//   node log.mjs vectors                                  the published vectors of trees and of signed notes
//   node log.mjs verify URL VERIFIER [--witness KEY]      a served log: signature, every tile, root, co-signature
//   node log.mjs proof PROOF RANGE... VERIFIER            prints kept, early, incomplete or broken
//   node log.mjs bundle FILE... VERIFIER [--leaves FILE]  an export, all of its parts; --leaves: those before it, 32 bytes each
//
// URL is the site's. VERIFIER and KEY are verifier keys, NAME+ID+BASE64. Exit: 0 verified or kept, 3 early or incomplete,
// 1 anything else.
import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';
import https from 'node:https';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

const HASH = 32, WIDTH = 256, LEVELS = 8, RANGE = 65536, MAX_NOTE = 8192;
const fail = (what) => { throw new Error(what); };
const demand = (holds, what) => { if (!holds) fail(what); };
const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

// ---- trees (RFC 6962, 2.1) ------------------------------------------------------------------------------------------

export const leafHash = (entry) => sha256(concatBytes(Uint8Array.of(0), entry));
const nodeHash = (left, right) => sha256(concatBytes(Uint8Array.of(1), left, right));
const splitOf = (n) => { let k = 1; while (2 * k < n) k *= 2; return k; };

export function treeHash(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0];
  const k = splitOf(leaves.length);
  return nodeHash(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

/** PATH(m, D[n]) and PROOF(m, D[n]), as they are written there. */
export function inclusionPath(m, leaves) {
  if (leaves.length === 1) return [];
  const k = splitOf(leaves.length);
  return m < k ? [...inclusionPath(m, leaves.slice(0, k)), treeHash(leaves.slice(k))]
    : [...inclusionPath(m - k, leaves.slice(k)), treeHash(leaves.slice(0, k))];
}
export function consistencyProof(m, leaves) {
  const subproof = (size, all, whole) => {
    if (size === all.length) return whole ? [] : [treeHash(all)];
    const k = splitOf(all.length);
    return size <= k ? [...subproof(size, all.slice(0, k), whole), treeHash(all.slice(k))]
      : [...subproof(size - k, all.slice(k), false), treeHash(all.slice(0, k))];
  };
  return m === 0 ? [] : subproof(m, leaves, true);
}

/** Takes complete subtrees from left to right; their sizes are BigInt. */
class Edge {
  constructor() { this.parts = []; }
  add(size, hash) {
    let last = { size, hash };
    for (let top = this.parts.at(-1); top && top.size === last.size; top = this.parts.at(-1))
      last = { size: 2n * last.size, hash: nodeHash(this.parts.pop().hash, last.hash) };
    this.parts.push(last);
  }
  root() {
    if (!this.parts.length) return sha256(new Uint8Array(0));
    return this.parts.reduceRight((right, { hash }) => (right ? nodeHash(hash, right) : hash), null);
  }
}

/** Sizes of the fewest complete subtrees over [begin, end). */
function cover(begin, end) {
  const sizes = [];
  for (let at = begin; at < end; at += sizes.at(-1)) {
    let size = 1n;
    while ((at & (2n * size - 1n)) === 0n && at + 2n * size <= end) size *= 2n;
    sizes.push(size);
  }
  return sizes;
}

// ---- notes (ENVELOPE.md, 4; LOG.md, 1 and 6) -------------------------------------------------------------------------

const NAME = '[!-*,-~]{1,128}';
function base64(text, what) {
  const bytes = Buffer.from(text, 'base64');
  demand(text !== '' && bytes.toString('base64') === text, `${what} is not base64`);
  return new Uint8Array(bytes);
}
function decimal(text, what) {
  demand(/^(0|[1-9][0-9]{0,18})$/.test(text) && BigInt(text) < 1n << 63n, `${what} is not a number`);
  return BigInt(text);
}

const ED25519 = 1, COSIGNATURE = 4;
export function parseVerifier(text, algorithm = ED25519) {
  const [, name, id, encoded] = new RegExp(`^(${NAME})\\+([0-9a-f]{8})\\+(.+)$`).exec(text) ?? fail('not a verifier key');
  const key = base64(encoded, 'the verifier key');
  demand(key.length === 33 && key[0] === algorithm, 'a verifier key of another kind');
  demand(bytesToHex(sha256(concatBytes(utf8ToBytes(`${name}\n`), key)).subarray(0, 4)) === id, 'a verifier key whose id does not fit it');
  return { name, id, algorithm, key: key.subarray(1) };
}

export function parseNote(bytes) {
  const whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const end = whole.lastIndexOf('\n\n');
  demand(end >= 0 && whole.endsWith('\n') && whole.length > end + 2, 'not a signed note');
  const lines = whole.slice(end + 2, -1).split('\n');
  demand(lines.length <= 16, 'a note with more than 16 signatures');
  const signatures = lines.map((line) => {
    const [, name, encoded] = new RegExp(`^\\u2014 (${NAME}) (\\S+)$`).exec(line) ?? fail('not a signature line');
    const signature = base64(encoded, 'a signature');
    demand(signature.length > 4, 'a signature that is too short');
    return { name, id: bytesToHex(signature.subarray(0, 4)), signature: signature.subarray(4) };
  });
  return { text: whole.slice(0, end + 1), signatures };
}

/** The note's text, when the key has signed it. */
export function openNote(bytes, verifier) {
  const { text, signatures } = parseNote(bytes);
  const own = signatures.filter(({ name, id }) => name === verifier.name && id === verifier.id);
  demand(own.length > 0, 'not signed by this key');
  for (const { signature } of own) {
    let message = utf8ToBytes(text), plain = signature;
    if (verifier.algorithm === COSIGNATURE) {
      demand(signature.length === 72, 'a co-signature of a wrong length');
      const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
      demand(time % 86400n === 0n, 'a co-signature whose time is not a day');
      message = utf8ToBytes(`cosignature/v1\ntime ${time}\n${text}`);
      plain = signature.subarray(8);
    }
    let good = false;
    try { good = ed25519.verify(plain, message, verifier.key, { zip215: false }); } catch { /* no */ }
    demand(good, 'the signature is bad');
  }
  return text;
}

export function openCheckpoint(bytes, verifier) {
  demand(bytes.length <= MAX_NOTE, 'a checkpoint that is too long');
  const [origin, size, root, ...more] = openNote(bytes, verifier).split('\n');
  demand(more.length > 0 && origin === verifier.name, 'not a checkpoint of this log');
  const hash = base64(root, 'the root');
  demand(hash.length === HASH, 'a root of a wrong length');
  return { size: decimal(size, 'the size'), root: hash };
}

export function openPromise(bytes, verifier) {
  const lines = openNote(bytes, verifier).split('\n');
  demand(lines.length === 6 && lines[0] === 'amana promise v1' && lines[1] === verifier.name, 'not a promise of this log');
  const promise = { from: decimal(lines[2], 'FROM'), by: decimal(lines[3], 'BY'), leaf: base64(lines[4], 'LEAF') };
  demand(promise.leaf.length === HASH, 'a leaf of a wrong length');
  return promise;
}

// ---- tiles (3) ------------------------------------------------------------------------------------------------------

const tilePath = (index) => {
  const groups = [];
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) groups.unshift(`${rest % 1000}`.padStart(3, '0'));
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
};

function get(url) {
  return new Promise((resolve, reject) => {
    https.get(url, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, body: new Uint8Array(Buffer.concat(pieces)) }));
    }).on('error', reject);
  });
}
async function getWhole(url, length) {
  const { status, body } = await get(url);
  demand(status === 200, `${url}: ${status}`);
  demand(length === undefined || body.length === length, `${url}: ${body.length} bytes instead of ${length}`);
  return body;
}
const split = (bytes) => Array.from({ length: bytes.length / HASH }, (_, i) => bytes.subarray(i * HASH, (i + 1) * HASH));

async function level(url, number, count) {
  const hashes = [];
  for (let tile = 0; tile * WIDTH < count; tile += 1) {
    const width = Math.min(WIDTH, count - tile * WIDTH);
    const path = `${url}/log/tile/${number}/${tilePath(tile)}${width < WIDTH ? `.p/${width}` : ''}`;
    hashes.push(...split(await getWhole(path, width * HASH)));
  }
  return hashes;
}

/** Every tile against the level below it and the root; { size, leaves, witnessed }. */
export async function verifyLog(url, verifier, witness) {
  const { size: big, root } = openCheckpoint(await getWhole(`${url}/log/checkpoint`), verifier);
  const size = Number(big);
  const leaves = await level(url, 0, size);
  for (let number = 1, below = leaves; number < LEVELS && below.length >= WIDTH; number += 1) {
    const hashes = await level(url, number, Math.floor(below.length / WIDTH));
    hashes.forEach((hash, i) => demand(equal(hash, treeHash(below.slice(i * WIDTH, (i + 1) * WIDTH))), `tile hash ${i} of level ${number} is wrong`));
    below = hashes;
  }
  demand(equal(rootAt(leaves, size), root), 'the tiles do not give the root that was signed');
  const found = await get(`${url}/log/witnessed`);
  if (found.status === 404) {
    demand(!witness, 'no checkpoint is co-signed');
    return { size, leaves, witnessed: null };
  }
  demand(found.status === 200, `/log/witnessed: ${found.status}`);
  const witnessed = openCheckpoint(found.body, verifier);
  if (witness) openNote(found.body, witness);
  demand(witnessed.size <= big && equal(rootAt(leaves, Number(witnessed.size)), witnessed.root), 'what was co-signed is not of this log');
  return { size, leaves, witnessed: Number(witnessed.size) };
}

function rootAt(leaves, size) {
  const edge = new Edge();
  for (const leaf of leaves.slice(0, size)) edge.add(1n, leaf);
  return edge.root();
}

// ---- ranges and proofs (4.2) ----------------------------------------------------------------------------------------

class Cursor {
  constructor(bytes) { this.bytes = bytes; this.at = 0; this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength); }
  take(count) {
    demand(this.at + count <= this.bytes.length, 'cut off');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  number(bytes) {
    let value = 0n;
    for (const byte of this.take(bytes)) value = (value << 8n) | BigInt(byte);
    return value;
  }
  done() { return this.at === this.bytes.length; }
}

export function openRange(bytes, verifier) {
  const cursor = new Cursor(bytes);
  demand(equal(cursor.take(12), utf8ToBytes('AMANA-RANGE\n')) && cursor.number(2) === 1n, 'not a range file of version 1');
  const { size, root } = openCheckpoint(cursor.take(Number(cursor.number(4))), verifier);
  const begin = cursor.number(8) * BigInt(RANGE);
  const end = [begin + BigInt(RANGE), size].reduce((a, b) => (a < b ? a : b));
  demand(begin < size && cursor.number(4) === end - begin, 'a range of a wrong length');
  const leaves = split(cursor.take(Number(end - begin) * HASH));
  const side = (sizes) => {
    demand(cursor.number(1) === BigInt(sizes.length), 'a wrong number of hashes beside a range');
    return sizes.map((of) => [of, cursor.take(HASH)]);
  };
  const left = side(cover(0n, begin)), right = side(cover(end, size));
  demand(cursor.done(), 'something behind a range');
  const edge = new Edge();
  for (const [of, hash] of left) edge.add(of, hash);
  for (const leaf of leaves) edge.add(1n, leaf);
  for (const [of, hash] of right) edge.add(of, hash);
  demand(equal(edge.root(), root), 'the range does not give the root that was signed');
  return { begin, end, size, root, leaves };
}

/** kept, early, incomplete or broken. The ranges are of one checkpoint, or what they lack is said to be incomplete. */
export function judgeProof(promise, ranges) {
  for (const { begin, leaves } of ranges)
    if (leaves.some((leaf, i) => begin + BigInt(i) >= promise.from && equal(leaf, promise.leaf))) return 'kept';
  const late = ranges.filter(({ size }) => size >= promise.by);
  if (!late.length) return 'early';
  return late.some(({ size, root }) => {
    let seen = promise.from - (promise.from % BigInt(RANGE));
    for (const range of ranges.filter((one) => one.size === size && equal(one.root, root)).sort((a, b) => (a.begin < b.begin ? -1 : 1)))
      if (range.begin === seen) seen = range.end;
    return seen >= size;
  }) ? 'broken' : 'incomplete';
}

// ---- bundles (5) ----------------------------------------------------------------------------------------------------

const SLOT = 1120 + 32 + 16;
const CLASSES = [32, 64, 256, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072].map((k) => k * 1024);
const ENVELOPES = new Set([1, 2, 3, 4].flatMap((n) => CLASSES.map((c) => 2 + n * SLOT + 64 + c + 16 * Math.ceil(c / 65536))));

/** One part, its bytes read a piece at a time: { note, first, begin, end, part, parts, leaves, erased }. */
function readPart(path) {
  const file = openSync(path), whole = sha256.create(), piece = Buffer.alloc(1 << 20);
  const size = fstatSync(file).size;
  let at = 0;
  const take = (count, into) => {
    for (let left = count; left > 0;) {
      const got = readSync(file, piece, 0, Math.min(left, piece.length), at);
      demand(got > 0 && at + got <= size - HASH, `${path} is cut off`);
      into(piece.subarray(0, got));
      whole.update(piece.subarray(0, got));
      at += got;
      left -= got;
    }
  };
  const bytes = (count) => { const all = []; take(count, (some) => all.push(Uint8Array.from(some))); return concatBytes(...all); };
  const number = (count) => new Cursor(bytes(count)).number(count);
  try {
    demand(equal(bytes(13), utf8ToBytes('AMANA-BUNDLE\n')) && number(2) === 2n, `${path} is no bundle of version 2`);
    const length = Number(number(4));
    demand(length <= MAX_NOTE, 'a checkpoint that is too long');
    const found = { note: bytes(length), first: Number(number(8)), begin: Number(number(8)), end: Number(number(8)), part: Number(number(2)), parts: Number(number(2)), erased: 0 };
    demand(found.first <= found.begin && found.begin <= found.end && found.part >= 1 && found.part <= found.parts && found.parts <= 9999, `${path} has a head that cannot be`);
    demand((found.end - found.begin) * (HASH + 8) <= size, `${path} is cut off`);
    found.leaves = split(bytes((found.end - found.begin) * HASH));
    for (const leaf of found.leaves) {
      const entry = Number(number(8));
      if (entry === 0) { found.erased += 1; continue; }
      demand(ENVELOPES.has(entry), `${path}: an entry of no envelope's length`);
      const hash = sha256.create().update(Uint8Array.of(0));
      take(entry, (some) => hash.update(some));
      demand(equal(hash.digest(), leaf), `${path}: an entry that is not what its leaf says`);
    }
    demand(at === size - HASH, `${path} has something behind its entries`);
    const trailer = Buffer.alloc(HASH);
    demand(readSync(file, trailer, 0, HASH, at) === HASH && equal(trailer, whole.digest()), `${path}: its own hash does not fit`);
    return found;
  } finally {
    closeSync(file);
  }
}

export function verifyBundle(paths, verifier, before = []) {
  const parts = paths.map(readPart).sort((a, b) => a.part - b.part);
  const { size, root } = openCheckpoint(parts[0].note, verifier);
  demand(parts.length === parts[0].parts, 'parts are missing');
  let at = parts[0].first;
  parts.forEach((one, i) => {
    demand(one.part === i + 1 && one.parts === parts.length && one.first === parts[0].first && equal(one.note, parts[0].note), 'parts of several exports');
    demand(one.begin === at, 'a part does not begin where the one before ended');
    at = one.end;
  });
  demand(BigInt(at) === size, 'the last part does not end at the end of the tree');
  demand(before.length === parts[0].first, `${parts[0].first} leaves before the export are needed`);
  demand(equal(rootAt([...before, ...parts.flatMap(({ leaves }) => leaves)], at), root), 'the leaves do not give the root that was signed');
  return { size: at, first: parts[0].first, erased: parts.reduce((sum, { erased }) => sum + erased, 0) };
}

// ---- published vectors ----------------------------------------------------------------------------------------------

// certificate-transparency, merkletree/merkle_tree_test.cc: inputs, roots of one to eight leaves, paths and proofs.
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'];
const [A, B, C, D, E, F] = [
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4', 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a'];
const PATHS = [[0, 1, []], [0, 8, [A, B, C]], [5, 8, [D, E, ROOTS[3]]], [2, 3, [ROOTS[1]]], [1, 5, [ROOTS[0], B, D]]];
const PROOFS = [[1, 1, []], [1, 8, [A, B, C]], [6, 8, [F, E, ROOTS[3]]], [2, 5, [B, D]]];
// golang.org/x/mod/sumdb/note, the package's documentation.
const NEUMANN = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  note: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
    '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};

function vectors() {
  const leaves = INPUTS.map((input) => leafHash(hexToBytes(input)));
  const hex = (hashes) => hashes.map(bytesToHex).join(' ');
  ROOTS.forEach((root, i) => {
    demand(bytesToHex(treeHash(leaves.slice(0, i + 1))) === root, `root of ${i + 1}`);
    demand(bytesToHex(rootAt(leaves, i + 1)) === root, `root of ${i + 1}, leaf by leaf`);
    for (let cut = 0; cut <= i + 1; cut += 1) {
      const edge = new Edge();
      let at = 0;
      for (const size of [...cover(0n, BigInt(cut)), ...cover(BigInt(cut), BigInt(i + 1))]) edge.add(size, treeHash(leaves.slice(at, at += Number(size))));
      demand(bytesToHex(edge.root()) === root, `root of ${i + 1}, cut at ${cut}`);
    }
  });
  for (const [m, n, path] of PATHS) demand(hex(inclusionPath(m, leaves.slice(0, n))) === path.join(' '), `path of ${m} in ${n}`);
  for (const [m, n, proof] of PROOFS) demand(hex(consistencyProof(m, leaves.slice(0, n))) === proof.join(' '), `proof of ${m} in ${n}`);
  const verifier = parseVerifier(NEUMANN.key);
  openNote(utf8ToBytes(NEUMANN.note), verifier);
  for (const changed of [NEUMANN.note.replace('answer', 'Answer'), NEUMANN.note.replace('x08go/ZJ', 'x08go/ZK')]) {
    let refused = false;
    try { openNote(utf8ToBytes(changed), verifier); } catch { refused = true; }
    demand(refused, 'a changed note was taken');
  }
  demand(tilePath(1234067) === 'x001/x234/067', "C2SP tlog-tiles' example of a path");
  return `vectors: ${ROOTS.length} roots, ${PATHS.length} paths, ${PROOFS.length} proofs, 1 note`;
}

// ---- the command ----------------------------------------------------------------------------------------------------

async function main(argv) {
  const { values, positionals: [command, ...rest] } = parseArgs({ args: argv, allowPositionals: true, options: { witness: { type: 'string' }, leaves: { type: 'string' } } });
  if (command === 'vectors' && rest.length === 0) return [vectors(), 0];
  const read = (path) => new Uint8Array(readFileSync(path));
  const verifier = rest.length >= 2 ? parseVerifier(rest.pop()) : fail('usage: node log.mjs vectors | verify URL VERIFIER | proof PROOF RANGE... VERIFIER | bundle FILE... VERIFIER');
  if (command === 'verify') {
    const witness = values.witness && parseVerifier(values.witness, COSIGNATURE);
    const { size, witnessed } = await verifyLog(rest[0].replace(/\/$/, ''), verifier, witness);
    return [`verified: ${size} leaves${witnessed === null ? '' : `, ${witnessed} of them co-signed`}`, 0];
  }
  if (command === 'proof') {
    const promise = openPromise(read(rest[0]), verifier);
    const verdict = judgeProof(promise, rest.slice(1).map((path) => openRange(read(path), verifier)));
    return [verdict, { kept: 0, early: 3, incomplete: 3, broken: 1 }[verdict]];
  }
  demand(command === 'bundle', `no command ${command}`);
  const { size, first, erased } = verifyBundle(rest, verifier, values.leaves ? split(read(values.leaves)) : []);
  return [`verified: entries ${first} to ${size}, ${erased} of them erased`, 0];
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).then(([said, code]) => { console.log(said); process.exitCode = code; },
    (error) => { console.error(`log: ${error.message}`); process.exitCode = 1; });
}
