// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What somebody on the line sees of connections to some ports of this machine: tcpdump listens on the loopback interface.
//
//   const watch = await watchLine([port, ...]);      needs root
//   ...
//   const packets = await watch.end();               [{ port, connection, up, time, size }], those with content, in order
//
// `time` is in seconds, `size` the bytes that TCP carries, `up` whether it goes to the port.

import fs from 'node:fs';

import { launch } from './amana.mjs';
import { check, until, within } from './checks.mjs';

const PCAP = 0xa1b2c3d4, ETHERNET = 14;

export async function watchLine(ports, file) {
  const low = Math.min(...ports), high = Math.max(...ports);
  const child = launch('tcpdump', ['-i', 'lo', '-n', '-p', '-U', '--immediate-mode', '-B', '65536', '-s', '128', '-w', file, `tcp portrange ${low}-${high}`]);
  let ended = false;
  child.ended.then(() => { ended = true; }, () => { ended = true; });
  await until('tcpdump to listen', () => ended || child.output.includes('listening on'));
  check(!ended, `tcpdump did not start: ${child.output}`);
  return {
    async end() {
      process.kill(child.pid, 'SIGINT');
      await within(20, 'tcpdump to end', child.ended);
      const dropped = /(\d+) packets dropped by kernel/.exec(child.output);
      check(dropped && dropped[1] === '0', `packets were missed: ${child.output}`);
      return parse(fs.readFileSync(file), new Set(ports));
    },
  };
}

function parse(bytes, ports) {
  check(bytes.readUInt32LE(0) === PCAP && bytes.readUInt32LE(20) === 1, 'a capture of Ethernet frames');
  const packets = [];
  for (let at = 24; at + 16 <= bytes.length;) {
    const time = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) / 1e6;
    const kept = bytes.readUInt32LE(at + 8), ip = at + 16 + ETHERNET;
    at += 16 + kept;
    const header = (bytes[ip] & 15) * 4, tcp = ip + header;
    const size = bytes.readUInt16BE(ip + 2) - header - (bytes[tcp + 12] >> 4) * 4;
    const from = bytes.readUInt16BE(tcp), to = bytes.readUInt16BE(tcp + 2);
    const up = ports.has(to);
    if (size > 0 && up !== ports.has(from)) packets.push({ port: up ? to : from, connection: up ? from : to, up, time, size });
  }
  return packets;
}
