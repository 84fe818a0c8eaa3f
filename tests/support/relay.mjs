// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What stands between a proxy and what it asks: hands on every byte, and counts the answers on each connection.
//
//   const relay = await Relay.before({ socket: '/…/front.sock' }, '/…/relay.sock');   or { port }, and relay.port
//   relay.answers            [status, ...] of all that came back, 1xx left out
//   relay.most               the most answers on one connection: more than one when the proxy keeps them

import fs from 'node:fs';
import net from 'node:net';

import { freePort } from './amana.mjs';
import { takeAnswer } from '../faults/raw.mjs';

export class Relay {
  static async before(target, socket) {
    const relay = Object.assign(new Relay(), { answers: [], most: 0 });
    relay.server = net.createServer((from) => {
      const to = net.connect(target.socket ?? target.port, ...(target.socket ? [] : ['127.0.0.1']));
      const read = { received: Buffer.alloc(0), count: 0 };
      from.pipe(to);
      to.on('data', (data) => {
        relay.note(read, data);
        from.write(data);
      });
      to.on('end', () => from.end());
      for (const end of [from, to]) end.on('error', () => { from.destroy(); to.destroy(); });
      from.on('close', () => to.destroy());
    });
    relay.port = socket ? undefined : await freePort();
    await new Promise((resolve) => { relay.server.listen(socket ?? { port: relay.port, host: '127.0.0.1' }, resolve); });
    if (socket) fs.chmodSync(socket, 0o666);
    relay.server.unref();
    return relay;
  }

  note(read, data) {
    read.received = Buffer.concat([read.received, data]);
    for (let answer = takeAnswer(read); answer; answer = takeAnswer(read)) {
      if (answer.status < 200) continue;
      read.count += 1;
      this.most = Math.max(this.most, read.count);
      this.answers.push(answer.status);
    }
  }
}
