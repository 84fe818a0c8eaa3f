// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What a server's TLS offers, asked by openssl s_client from outside, with a client that itself would do anything.

import { spawn } from 'node:child_process';

import { within } from './checks.mjs';

// What s_client prints; it sends `input` when it is connected, and is given time to show what comes after.
export async function probe(port, options, { input = '', seconds = 0.5 } = {}) {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', ...options],
    { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise((resolve) => { child.on('close', resolve); });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output += data; });
  child.stdin.on('error', () => {}); // it has ended already
  if (input) child.stdin.write(input);
  setTimeout(() => child.stdin.end(), seconds * 1000);
  await within(20, 'openssl s_client', ended);
  return output;
}

// Protocol and cipher agreed on, or null.
export async function agrees(port, options) {
  const output = await probe(port, options, { seconds: 0 });
  const cipher = /^New, \S+, Cipher is (\S+)$/m.exec(output)?.[1];
  const protocol = /^ *Protocol *: (\S+)$/m.exec(output)?.[1] ?? /^New, (\S+),/m.exec(output)?.[1];
  return !cipher || cipher === '(NONE)' ? null : { protocol, cipher };
}

// Weak ones that this machine's OpenSSL can still offer: no forward secrecy, no AEAD, no authentication, no encryption.
export const weakCiphers = ['AES256-GCM-SHA384', 'AES128-GCM-SHA256', 'AES128-SHA', 'AES256-SHA256', 'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES128-CCM8', 'DHE-RSA-AES256-GCM-SHA384', 'AECDH-AES128-SHA',
  'ADH-AES256-GCM-SHA384', 'ECDHE-ECDSA-NULL-SHA', 'NULL-SHA256'];
