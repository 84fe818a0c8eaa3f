// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Requests that two readers may read differently, as known from attacks: framing by two lengths (CL.TE, TE.CL, TE.TE, CL.CL), by one
// that is ignored (CL.0, 0.CL, Expect), by folded, spaced and badly ended lines, by chunks, by what is named in Connection, by targets
// and authorities. Each hides the beginning of another request, into which the next visitor's would run.
//
//   { name, bytes, valid }     valid: a request that is right, and has one answer, or as many as `valid` says

export const hidden = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\nX-Ignore: ';

const length = (body) => `Content-Length: ${Buffer.byteLength(body, 'latin1')}`;
const head = (first, lines) => [first, 'Host: localhost', ...lines, '', ''].join('\r\n');
const post = (lines, body) => head('POST /en/ HTTP/1.1', lines) + body;
const chunk = (text) => `${Buffer.byteLength(text, 'latin1').toString(16)}\r\n${text}\r\n`;
const ended = `0\r\n\r\n${hidden}`;
const type = 'Content-Type: application/x-www-form-urlencoded';

const cases = [];
const add = (name, bytes, valid = 0) => cases.push({ name, bytes: Buffer.from(bytes, 'latin1'), valid });

add('CL.TE', post([type, length(ended), 'Transfer-Encoding: chunked'], ended));
add('TE.CL', post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `${chunk(hidden)}0\r\n\r\n`));
add('TE.CL, length last and 0', post(['Transfer-Encoding: chunked', 'Content-Length: 0'], `${chunk(hidden)}0\r\n\r\n`));

for (const [name, line] of Object.entries({
  'x before': 'Transfer-Encoding: xchunked', 'space before colon': 'Transfer-Encoding : chunked', 'tab before colon': 'Transfer-Encoding\t: chunked',
  'no space': 'Transfer-Encoding:chunked', tab: 'Transfer-Encoding:\tchunked', 'vertical tab': 'Transfer-Encoding: \x0bchunked',
  'form feed': 'Transfer-Encoding: chunked\x0c', 'no-break space': 'Transfer-Encoding: \xa0chunked', NUL: 'Transfer-Encoding: chun\0ked',
  'space first': ' Transfer-Encoding: chunked', 'bare LF before': 'X: x\nTransfer-Encoding: chunked', 'bare CR before': 'X: x\rTransfer-Encoding: chunked',
  'folded name': 'Transfer-Encoding\r\n : chunked', 'folded value': 'Transfer-Encoding:\r\n chunked', 'folded into another': 'X: x\r\n Transfer-Encoding: chunked',
  'upper case': 'TRANSFER-ENCODING: CHUNKED', quoted: 'Transfer-Encoding: "chunked"', parameter: 'Transfer-Encoding: chunked;q=1',
  'chunked, identity': 'Transfer-Encoding: chunked, identity', 'identity, chunked': 'Transfer-Encoding: identity, chunked',
  'chunked, chunked': 'Transfer-Encoding: chunked, chunked', 'empty element': 'Transfer-Encoding: ,chunked', twice: 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'with another': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: x', 'after another': 'Transfer-Encoding: x\r\nTransfer-Encoding: chunked',
  underscore: 'Transfer_Encoding: chunked', identity: 'Transfer-Encoding: identity', gzip: 'Transfer-Encoding: gzip, chunked', empty: 'Transfer-Encoding:',
})) add(`TE.TE, ${name}`, post([length(ended), line], ended));

for (const [name, lines] of Object.entries({
  'small, large': ['Content-Length: 0', length(hidden)], 'large, small': [length(hidden), 'Content-Length: 0'], list: ['Content-Length: 0, 5'],
  plus: ['Content-Length: +0'], minus: ['Content-Length: -1'], hexadecimal: ['Content-Length: 0x0'], 'two numbers': ['Content-Length: 0 5'],
  exponent: ['Content-Length: 0e1'], point: ['Content-Length: 0.0'], 'beyond 64 bits': ['Content-Length: 18446744073709551616'], empty: ['Content-Length:'],
  'space before colon': ['Content-Length : 0', length(hidden)], folded: [`Content-Length:\r\n ${hidden.length}`], 'in the name': ['Content Length: 0', length(hidden)],
  underscore: ['Content_Length: 0'], 'no colon': ['Content-Length 0', length(hidden)], NUL: ['Content-Length: 0\0', length(hidden)],
})) add(`CL.CL, ${name}`, post(lines, hidden));

add('CL.0, a page', head('POST /en/help HTTP/1.1', [length(hidden)]) + hidden, 1);
add('CL.0, the health check', head('POST /healthz HTTP/1.1', [length(hidden)]) + hidden, 1);
add('CL.0, nowhere', head('POST /nowhere HTTP/1.1', [length(hidden)]) + hidden, 1);
add('0.CL, GET with a body', head('GET /en/ HTTP/1.1', [length(hidden)]) + hidden, 1);
add('0.CL, GET in chunks', head('GET /en/ HTTP/1.1', ['Transfer-Encoding: chunked']) + `${chunk(hidden)}0\r\n\r\n`, 1);
add('0.CL, Expect', post([length(hidden), 'Expect: 100-continue'], hidden), 1);
add('0.CL, Expect with more', post([length(hidden), 'Expect: y 100-continue'], hidden), 1);
add('0.CL, Expect on GET', head('GET /en/ HTTP/1.1', [length(hidden), 'Expect: 100-continue']) + hidden, 1);
add('0.CL, Expect folded', post([length(hidden), 'Expect:\r\n 100-continue'], hidden));

for (const [name, body] of Object.entries({
  'extension with LF': `1;a\nb\r\nx\r\n${ended}`, 'extension of 200 bytes': `1;${'e'.repeat(200)}\r\nx\r\n${ended}`, 'size ended by LF': `1\nx\r\n${ended}`, 'size ended by CR': `1\rx\r\n${ended}`,
  'data ended by LF': `1\r\nx\n${ended}`, 'data not ended': `1\r\nx${ended}`, 'data too long': `1\r\nxyz\r\n${ended}`, 'space after size': `1 \r\nx\r\n${ended}`,
  'space before size': ` 1\r\nx\r\n${ended}`, hexadecimal: `0x1\r\nx\r\n${ended}`, plus: `+1\r\nx\r\n${ended}`, minus: `-1\r\nx\r\n${ended}`, underscore: `1_0\r\nx\r\n${ended}`,
  'beyond 64 bits': `10000000000000001\r\nx\r\n${ended}`, 'end of many zeros': `00000000000000000\r\n\r\n${hidden}`, 'end by LF': `0\n\n${hidden}`, 'end without CRLF': `0\r\n${hidden}`,
  'no size': `\r\nx\r\n${ended}`, 'quoted CRLF in extension': `1;a="\r\nx\r\n${ended}"`, 'a length behind': `1\r\nx\r\n0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
  'an encoding behind': `1\r\nx\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n${hidden}`, 'bare LF behind': `1\r\nx\r\n0\r\nX: x\n\n${hidden}`,
})) add(`chunks, ${name}`, post(['Transfer-Encoding: chunked'], body));

for (const [name, bytes] of Object.entries({
  'all lines ended by LF': `GET /en/ HTTP/1.1\nHost: localhost\n\n${hidden}`, 'a line ended by CR': `GET /en/ HTTP/1.1\rHost: localhost\r\n\r\n`,
  'head ended by CR LF LF': `GET /en/ HTTP/1.1\r\nHost: localhost\r\n\n${hidden}`, 'NUL in a value': head('GET /en/ HTTP/1.1', ['X: a\0b']), 'a name that is none': head('GET /en/ HTTP/1.1', [': x']),
  'a name with (': head('GET /en/ HTTP/1.1', ['X(: x']), 'two spaces': head('GET  /en/ HTTP/1.1', []), 'tab for space': head('GET\t/en/\tHTTP/1.1', []), 'target with space': head('GET /en/ x HTTP/1.1', []),
  'HTTP/1.0 in chunks': `POST /en/ HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${ended}`, 'HTTP/0.9': `GET /en/\r\n${hidden}`, 'HTTP/1.2': head('GET /en/ HTTP/1.2', []), 'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'small method': head('get /en/ HTTP/1.1', []), 'line breaks first': `\r\n\r\n${head('GET /en/ HTTP/1.1', [])}`, 'space first': ` ${head('GET /en/ HTTP/1.1', [])}`,
  'upgrade to h2c': head('GET /en/ HTTP/1.1', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']), 'upgrade to WebSocket': head('GET /en/ HTTP/1.1', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']),
})) add(`lines, ${name}`, bytes);

for (const named of ['Content-Length', 'Transfer-Encoding', 'Host', 'X-Forwarded-For'])
  add(`Connection names ${named}`, post([named === 'Transfer-Encoding' ? 'Transfer-Encoding: chunked' : length(ended), `Connection: keep-alive, ${named}`], ended), 1);

for (const [name, [first, ...lines]] of Object.entries({
  'absolute form': ['GET https://localhost/en/ HTTP/1.1', 'Host: localhost'], 'absolute form of another': ['GET https://other.example/ HTTP/1.1', 'Host: localhost'],
  'absolute form, Host another': ['GET https://localhost/en/ HTTP/1.1', 'Host: other.example'], 'a user in it': ['GET https://localhost@other.example/ HTTP/1.1', 'Host: localhost'], 'no path in it': ['GET https://localhost HTTP/1.1', 'Host: localhost'],
  'two Hosts': ['GET /en/ HTTP/1.1', 'Host: localhost', 'Host: other.example'], 'two Hosts alike': ['GET /en/ HTTP/1.1', 'Host: localhost', 'Host: localhost'], 'Host twice in one': ['GET /en/ HTTP/1.1', 'Host: localhost, other.example'], 'no Host': ['GET /en/ HTTP/1.1'],
  'empty Host': ['GET /en/ HTTP/1.1', 'Host:'], 'a user in Host': ['GET /en/ HTTP/1.1', 'Host: other.example@localhost'], 'a path in Host': ['GET /en/ HTTP/1.1', 'Host: localhost/other'], 'Host of another': ['GET /en/ HTTP/1.1', 'Host: other.example'],
  'space before Host': ['GET /en/ HTTP/1.1', ' Host: other.example', 'Host: localhost'], 'Host folded': ['GET /en/ HTTP/1.1', 'Host:\r\n other.example', 'Host: localhost'], 'Host : spaced': ['GET /en/ HTTP/1.1', 'Host : other.example', 'Host: localhost'],
  'port that is none': ['GET /en/ HTTP/1.1', 'Host: localhost:x'], 'final dot': ['GET /en/ HTTP/1.1', 'Host: localhost.'], 'upper case': ['GET /en/ HTTP/1.1', 'HOST: LOCALHOST'], CONNECT: ['CONNECT localhost:443 HTTP/1.1', 'Host: localhost:443'], asterisk: ['OPTIONS * HTTP/1.1', 'Host: localhost'],
  '@ for a path': ['GET @other.example/ HTTP/1.1', 'Host: localhost'], 'no slash': ['GET en/ HTTP/1.1', 'Host: localhost'], 'line break in it': ['GET /en/%0d%0aX:%20x HTTP/1.1', 'Host: localhost'],
})) add(`authority, ${name}`, [first, ...lines, '', ''].join('\r\n'), 1);

export { cases };
