// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The verifier of the log held to what others have published.
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { openNote, parseVerifier } from './log_note.mjs';
import { tilePath } from './log_served.mjs';
import { Edge, consistencyProof, cover, demand, inclusionPath, leafHash, rootAt, treeHash } from './log_tree.mjs';

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

/** What was compared; throws where something differs. */
export function published() {
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
