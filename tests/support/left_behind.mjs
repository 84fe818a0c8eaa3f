// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What programs leave behind of those whom they serve: what they said, the files that they opened for writing (tests/support/trace.mjs,
// namesTracer), and all files of the folders that are theirs.

import fs from 'node:fs';

import { traced } from './trace.mjs';
import { Windows } from './windows.mjs';

export function filesBelow(top) {
  if (fs.statSync(top).isFile()) return [top];
  return fs.readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
}

// Opened for writing and gone again: only process ids, locks and what Caddy writes anew and moves into place.
const mayBeGone = /\.pid(\.\w+)?$|\.lock$|\/caddy\/(autosave\.json|instance\.uuid|last_clean\.json)|\/ssl-[a-z-]+\.\d+$|\/(caddy|\.?rw_test_\d+|_test_\w+)$/;
// Devices, pipes and the kernel's own.
const noFile = /^(\/dev\/|\/proc\/|\/sys\/|pipe:|socket:|anon_inode:)/;

export class Traces {
  // `networks`: the beginnings of addresses, such as "127.77".
  constructor(networks) {
    this.networks = networks.map((network) => Buffer.from(`${network}.`));
    this.outputs = [];
    this.places = new Set();
    this.leaks = [];
    this.searched = 0;
  }

  said(who, output) { this.outputs.push({ who, output }); }
  mayHold(places) { for (const place of places) this.places.add(place); }

  // Of a program's trace: what it opened for writing is searched, too, and has to be there; it spoke to no journal.
  async wrote(who, log) {
    for await (const { call, opened, forWriting, to } of traced(log)) {
      if (call === 'connect' && /\/dev\/log|journal|syslog/.test(to)) this.leaks.push(`${who} spoke to ${to}`);
      if (!forWriting || noFile.test(opened)) continue;
      const path = opened.replace(/ \(deleted\)$/, '');
      const there = fs.statSync(path, { throwIfNoEntry: false });
      if (there?.isFile()) this.places.add(path);
      else if (!there && !mayBeGone.test(path)) this.leaks.push(`${who} wrote to ${path || call}, which is gone`);
    }
  }

  // Where any 16 bytes of `secrets` stand, or an address as text. In files beyond a mebibyte, which are the store's, 16 bytes of each
  // secret's every kilobyte.
  found(secrets) {
    const windows = new Windows(secrets);
    const samples = secrets.flatMap((one) => Array.from({ length: Math.ceil(one.length / 1024) }, (_, i) => one.subarray(i * 1024, i * 1024 + 16)));
    const leaks = new Set(this.leaks);
    const look = (where, bytes, large = false) => {
      for (const network of this.networks) if (bytes.includes(network)) leaks.add(`${where} holds an address: ${excerpt(bytes, network)}`);
      if (large ? samples.some((sample) => bytes.includes(sample)) : windows.find(bytes) >= 0) leaks.add(`${where} holds what was sent`);
    };
    for (const { who, output } of this.outputs) look(`what ${who} said`, Buffer.from(output));
    for (const path of new Set([...this.places].flatMap(filesBelow))) {
      this.searched += 1;
      const large = fs.statSync(path).size > 1 << 20;
      for (const piece of piecesOf(path)) look(path, piece, large);
    }
    return [...leaks];
  }
}

const pieceBytes = 4 << 20, overlap = 64;
function* piecesOf(path) {
  const file = fs.openSync(path, 'r');
  const piece = Buffer.alloc(pieceBytes);
  for (let at = 0, got; (got = fs.readSync(file, piece, 0, pieceBytes, at)) > 0; at += Math.max(got - overlap, overlap)) yield piece.subarray(0, got);
  fs.closeSync(file);
}

const excerpt = (bytes, network) => JSON.stringify(bytes.toString('latin1', Math.max(0, bytes.indexOf(network) - 60), bytes.indexOf(network) + 30));
