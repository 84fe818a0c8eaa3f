// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Pictures, video and sound with everything in them that is to be taken out: made by ImageMagick, FFmpeg, libheif and
// ExifTool, and by hand where no program writes it. Every text holds SECRET, so that any that stays is found.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

export const SECRET = 'xSecretx';

export const run = (program, ...words) => execFileSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
export const exiftool = (...words) => run('exiftool', '-config', '', '-overwrite_original', '-q', ...words);

// ---- by hand ----------------------------------------------------------------------------------------------------------

const u16 = (n) => Buffer.from([n >> 8, n & 255]);
const u32 = (n) => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);

// A TIFF directory: [[tag, type, count, value]], a value a number or bytes that lie behind the directory.
function directory(at, entries, next = 0) {
  let behind = at + 6 + 12 * entries.length;
  const tails = [];
  const rows = entries.map(([tag, type, count, value]) => {
    if (typeof value === 'number') return Buffer.concat([u16(tag), u16(type), u32(count), type === 3 ? Buffer.concat([u16(value), u16(0)]) : u32(value)]);
    tails.push(value);
    behind += value.length;
    return Buffer.concat([u16(tag), u16(type), u32(count), u32(behind - value.length)]);
  });
  return Buffer.concat([u16(entries.length), ...rows, u32(next), ...tails]);
}
const textEntry = (tag, text) => [tag, 2, text.length + 1, Buffer.from(`${text}\0`)];

// Exif as a Canon writes it, with a maker note: no program makes one from nothing.
export function canonExif(orientation) {
  const at = { main: 8, exif: 100, maker: 200, gps: 400 };
  const out = Buffer.alloc(600);
  Buffer.from('MM\0*\0\0\0\x08', 'latin1').copy(out);
  directory(at.main, [textEntry(0x010f, 'Canon'), [0x0112, 3, 1, orientation], [0x8769, 4, 1, at.exif], [0x8825, 4, 1, at.gps]]).copy(out, at.main);
  const maker = directory(at.maker, [textEntry(6, `Canon ${SECRET} image`), textEntry(9, `${SECRET} owner`), [0x0c, 4, 1, 123456789]]);
  directory(at.exif, [[0x927c, 7, maker.length, at.maker]]).copy(out, at.exif);
  maker.copy(out, at.maker);
  directory(at.gps, [textEntry(1, 'N'), textEntry(0x1b, `ASCII\0\0\0${SECRET}`)]).copy(out, at.gps);
  return out;
}

// A display's profile, with words, a date, a maker, and tags of its own.
export function profile(version) {
  const words = (text) => (version === 2
    ? Buffer.concat([Buffer.from('desc\0\0\0\0'), u32(text.length + 1), Buffer.from(`${text}\0`), Buffer.alloc(78)])
    : Buffer.concat([Buffer.from('mluc\0\0\0\0'), u32(1), u32(12), Buffer.from('enUS'), u32(2 * text.length), u32(28), Buffer.from(text, 'utf16le').swap16()]));
  const copyright = version === 2 ? Buffer.from(`text\0\0\0\0${SECRET} copyright\0`) : words(`${SECRET} copyright`);
  const xyz = (...values) => Buffer.concat([Buffer.from('XYZ \0\0\0\0'), ...values.map((v) => u32(Math.round(v * 65536)))]);
  const curve = Buffer.concat([Buffer.from('curv\0\0\0\0'), u32(1), u16(0x0233), u16(0)]);
  const tags = [['desc', words(`${SECRET} screen`)], ['cprt', copyright], ['dmnd', words(`${SECRET} maker`)], ['dmdd', words(`${SECRET} model`)],
    ['wtpt', xyz(0.9642, 1, 0.8249)], ['rXYZ', xyz(0.436, 0.2225, 0.0139)], ['gXYZ', xyz(0.3851, 0.7169, 0.0971)], ['bXYZ', xyz(0.1431, 0.0606, 0.7141)],
    ['rTRC', curve], ['mmod', Buffer.from(`mmod\0\0\0\0${SECRET}serial!!`)], ['meta', Buffer.from(`dict\0\0\0\0${SECRET}......`)]];
  let at = 132 + 12 * (tags.length + 2);
  const aligned = tags.map(([, data]) => Buffer.concat([data, Buffer.alloc(-data.length & 3)]));
  const places = tags.map(([name, data], i) => { at += aligned[i].length; return [name, at - aligned[i].length, data.length]; });
  for (const name of ['gTRC', 'bTRC']) places.push([name, places[8][1], places[8][2]]);  // shared, as usual
  const header = Buffer.alloc(128);
  u32(at).copy(header);
  header.write('lcms', 4);
  header[8] = version;
  header.write('mntrRGB XYZ ', 12);
  Buffer.concat([u16(2024), u16(5), u16(6), u16(7), u16(8), u16(9)]).copy(header, 24);
  header.write('acspAPPL', 36);
  header.write('xSecretx', 48);
  Buffer.concat([u32(63190), u32(65536), u32(54061)]).copy(header, 68);
  header.write('xSecretxxSecretx', 80);
  header.write('xSecretx', 120);
  return Buffer.concat([header, u32(places.length), ...places.map(([name, from, length]) => Buffer.concat([Buffer.from(name), u32(from), u32(length)])), ...aligned]);
}

const segment = (marker, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([0xff, marker]), u16(body.length + 2), body]);
};
// Segments go behind the first one, as JFIF must come first.
function insertSegments(jpeg, ...segments) {
  const at = jpeg[3] === 0xe0 ? 4 + jpeg.readUInt16BE(4) : 2;
  return Buffer.concat([jpeg.subarray(0, at), ...segments, jpeg.subarray(at)]);
}

const pngChunk = (type, body) => Buffer.concat([u32(body.length), Buffer.from(type), body, u32(zlib.crc32(Buffer.concat([Buffer.from(type), body])))]);
const insertChunks = (png, ...chunks) => Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);

const riffChunk = (type, body) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from(type), length, body, Buffer.alloc(body.length & 1)]);
};
function insertRiff(webp, ...chunks) {
  const out = Buffer.concat([webp, ...chunks]);
  out.writeUInt32LE(out.length - 8, 4);
  return out;
}

const gifExtension = (label, ...blocks) => Buffer.concat([Buffer.from([0x21, label]), ...blocks.map((block) => Buffer.concat([Buffer.from([block.length]), Buffer.from(block)])), Buffer.from([0])]);
function insertGif(gif, ...extensions) {
  const at = 13 + (gif[10] & 0x80 ? 3 << ((gif[10] & 7) + 1) : 0);
  return Buffer.concat([gif.subarray(0, at), ...extensions, gif.subarray(at)]);
}

const box = (type, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([u32(body.length + 8), Buffer.from(type), body]);
};

// ---- by programs ------------------------------------------------------------------------------------------------------

// Every family that ExifTool can write into pictures.
const s = SECRET;
const PICTURE_TAGS = [
  `-EXIF:Make=${s}`, `-EXIF:Model=${s}`, `-EXIF:Software=${s}`, `-EXIF:Artist=${s}`, `-EXIF:Copyright=${s}`, `-EXIF:ImageDescription=${s}`,
  `-EXIF:UserComment=${s}`, `-EXIF:SerialNumber=${s}`, `-EXIF:LensModel=${s}`, `-EXIF:LensSerialNumber=${s}`, `-EXIF:OwnerName=${s}`,
  `-EXIF:XPComment=${s}`, `-EXIF:XPAuthor=${s}`, `-EXIF:ImageUniqueID=${s}`, `-EXIF:HostComputer=${s}`, '-EXIF:DateTimeOriginal=2024:05:06 07:08:09',
  '-EXIF:CreateDate=2024:05:06 07:08:09', '-EXIF:OffsetTimeOriginal=+03:00', '-EXIF:ExposureTime=1/50', '-EXIF:ISO=200', '-EXIF:FNumber=1.8',
  '-EXIF:GPSLatitude=50.45', '-EXIF:GPSLatitudeRef=N', '-EXIF:GPSLongitude=30.52', '-EXIF:GPSLongitudeRef=E', '-EXIF:GPSDateStamp=2024:05:06',
  `-EXIF:GPSProcessingMethod=${s}`, `-EXIF:GPSAreaInformation=${s}`, `-EXIF:InteropIndex=R98`, '-EXIF:XResolution=300', '-EXIF:YResolution=300',
  `-XMP-dc:Creator=${s}`, `-XMP-dc:Description=${s}`, `-XMP-xmp:CreatorTool=${s}`, '-XMP-exif:GPSLatitude=50.45', '-XMP-tiff:Orientation#=6', `-XMP-photoshop:City=${s}`,
  `-XMP-xmpMM:DocumentID=${s}`, `-XMP-iptcExt:PersonInImage=${s}`, `-XMP-mwg-rs:RegionName=${s}`, '-XMP-xmp:CreateDate=2024:05:06 07:08:09+03:00',
];
const JPEG_TAGS = [`-IPTC:City=${s}`, `-IPTC:By-line=${s}`, `-IPTC:Caption-Abstract=${s}`, `-Photoshop:CopyrightFlag=1`, `-File:Comment=${s} comment`,
  `-Ducky:Comment=${s}`, '-Ducky:Quality=80'];
const PNG_TAGS = [`-PNG:Comment=${s}`, `-PNG:Author=${s}`, `-PNG:Title-ar=${s}`, '-PNG:ModifyDate=2024:05:06 07:08:09', '-PNG:PixelsPerUnitX=3000', '-PNG:PixelsPerUnitY=3000', '-PNG:PixelUnits=meters'];
const VIDEO_TAGS = [`-ItemList:Title=${s}`, `-ItemList:Comment=${s}`, `-Keys:Make=${s}`, `-Keys:Model=${s}`, '-Keys:GPSCoordinates=50.45, 30.52, 100', `-UserData:Author=${s}`,
  '-UserData:GPSCoordinates=50.45, 30.52, 100', '-QuickTime:CreateDate=2024:05:06 07:08:09', '-QuickTime:ModifyDate=2024:05:06 07:08:09', '-TrackCreateDate=2024:05:06 07:08:09',
  '-MediaCreateDate=2024:05:06 07:08:09', `-XMP-dc:Creator=${s}`, '-XMP-exif:GPSLatitude=50.45'];

function makeJpegs(folder, at) {
  const base = at('base.png');
  const kinds = {
    baseline: [], progressive: ['-interlace', 'JPEG'], grey: ['-colorspace', 'Gray'], cmyk: ['-colorspace', 'CMYK'],
    full: ['-sampling-factor', '4:4:4'], rgb: ['-colorspace', 'sRGB', '-define', 'jpeg:colorspace=rgb'],
  };
  for (const [kind, options] of Object.entries(kinds)) run('convert', base, '-seed', '1', ...options, '-quality', '90', at(`${kind}.jpg`));
  run('jpegtran', '-restart', '2', '-outfile', at('restarts.jpg'), at('baseline.jpg'));
  run('jpegtran', '-arithmetic', '-outfile', at('arithmetic.jpg'), at('baseline.jpg'));
  run('convert', base, '-resize', '64x', at('thumbnail.jpg'));
  fs.writeFileSync(at('v2.icc'), profile(2));
  fs.writeFileSync(at('v4.icc'), profile(4));
  const names = [...Object.keys(kinds), 'restarts', 'arithmetic'].map((kind) => `${kind}.jpg`);
  exiftool(...PICTURE_TAGS, ...JPEG_TAGS, `-ThumbnailImage<=${at('thumbnail.jpg')}`, '-Orientation#=6', ...names.map(at));
  exiftool('-JFIF:XResolution=314', '-JFIF:YResolution=314', '-JFIF:ResolutionUnit=inches', at('baseline.jpg'));
  exiftool('-JFIF:XResolution=2', '-JFIF:YResolution=1', '-JFIF:ResolutionUnit=None', at('grey.jpg'));  // pixels that are not square
  exiftool(`-ICC_Profile<=${at('v2.icc')}`, ...['baseline.jpg', 'progressive.jpg', 'full.jpg'].map(at));
  exiftool(`-ICC_Profile<=${at('v4.icc')}`, ...['restarts.jpg'].map(at));

  // Two pictures in one file, previews, a motion picture behind it, maker notes, long XMP, comments between scans.
  const plain = fs.readFileSync(at('baseline.jpg')), second = fs.readFileSync(at('thumbnail.jpg'));
  const multi = insertSegments(plain, segment(0xe2, 'MPF\0MM\0*\0\0\0\x08', directory(8, [[0xb000, 7, 4, 0x30313030], [0xb001, 4, 1, 2]])),
    segment(0xe0, 'JFXX\0\x10', second.subarray(0, 2000)), segment(0xe1, `http://ns.adobe.com/xmp/extension/\0${'0'.repeat(32)}`, u32(100), u32(0), SECRET),
    segment(0xeb, `JP ${SECRET}`), segment(0xe4, `QVCI${SECRET}`), segment(0xfe, `${SECRET} again`));
  fs.writeFileSync(at('multi.jpg'), Buffer.concat([multi, second, box('ftyp', 'mp42'), Buffer.from(SECRET)]));
  const bare = Buffer.from(execFileSync('jpegtran', ['-copy', 'none', at('progressive.jpg')]));
  const scan = bare.indexOf(Buffer.from([0xff, 0xda]), bare.indexOf(Buffer.from([0xff, 0xda])) + 2);
  fs.writeFileSync(at('canon.jpg'), insertSegments(Buffer.concat([bare.subarray(0, scan), segment(0xfe, SECRET), Buffer.from([0xff, 0xff]), bare.subarray(scan)]),
    segment(0xe1, 'Exif\0\0', canonExif(8))));
  return [...names, 'multi.jpg', 'canon.jpg'];
}

function makePngs(folder, at) {
  run('convert', at('base.png'), '-interlace', 'PNG', at('interlaced.png'));
  run('convert', at('base.png'), '-colors', '16', '-fuzz', '30%', '-transparent', '#808080', `PNG8:${at('palette.png')}`);
  run('convert', at('base.png'), '-alpha', 'set', '-channel', 'A', '-evaluate', 'set', '50%', '-depth', '16', at('alpha.png'));
  run('ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=5:duration=1', '-plays', '3', '-f', 'apng', at('animated.png'));
  run('convert', at('base.png'), at('truecolour.png'));
  const names = ['interlaced.png', 'palette.png', 'alpha.png', 'animated.png', 'truecolour.png'];
  exiftool(...PICTURE_TAGS, ...PNG_TAGS, '-Orientation#=3', ...names.map(at));
  exiftool(`-ICC_Profile<=${at('v4.icc')}`, ...['truecolour.png', 'interlaced.png'].map(at));
  const packed = pngChunk('zTXt', Buffer.concat([Buffer.from('Raw profile type exif\0\0', 'latin1'), zlib.deflateSync(SECRET)]));
  fs.writeFileSync(at('trailing.png'), Buffer.concat([insertChunks(fs.readFileSync(at('truecolour.png')), packed, pngChunk('prVt', Buffer.from(SECRET)),
    pngChunk('iTXt', Buffer.from(`Comment\0\0\0ar\0\0${SECRET}`)), pngChunk('caBX', Buffer.from(SECRET))), Buffer.from(`${SECRET} behind the end`)]));
  return [...names, 'trailing.png'];
}

function makeWebps(folder, at) {
  run('cwebp', '-quiet', at('base.png'), '-o', at('lossy.webp'));
  run('cwebp', '-quiet', '-lossless', at('base.png'), '-o', at('lossless.webp'));
  run('cwebp', '-quiet', at('alpha.png'), '-o', at('alpha.webp'));
  run('img2webp', '-loop', '2', '-d', '100', at('base.png'), '-lossy', '-d', '200', at('palette.png'), '-o', at('animated.webp'));
  run('cwebp', '-quiet', at('base.png'), '-o', at('plain.webp'));
  const names = ['lossy.webp', 'lossless.webp', 'alpha.webp', 'animated.webp'];
  exiftool(...PICTURE_TAGS, '-Orientation#=8', ...names.map(at));
  run('webpmux', '-set', 'icc', at('v2.icc'), at('lossless.webp'), '-o', at('profile.webp'));
  fs.writeFileSync(at('trailing.webp'), Buffer.concat([insertRiff(fs.readFileSync(at('lossy.webp')), riffChunk('NOTE', Buffer.from(`${SECRET}odd`))), Buffer.from(SECRET)]));
  return [...names, 'plain.webp', 'profile.webp', 'trailing.webp'];
}

function makeGifs(folder, at) {
  run('convert', at('base.png'), at('still.gif'));
  run('convert', '-delay', '20', '-loop', '4', at('base.png'), '(', at('base.png'), '-negate', ')', '-layers', 'optimize', at('animated.gif'));
  const names = ['still.gif', 'animated.gif'];
  exiftool(`-Comment=${SECRET}`, `-XMP-dc:Creator=${SECRET}`, ...names.map(at));
  const all = insertGif(fs.readFileSync(at('animated.gif')), gifExtension(0xff, 'ICCRGBG1012', profile(2).subarray(0, 200)), gifExtension(0xff, `${SECRET}001`, SECRET),
    gifExtension(0xff, 'NETSCAPE2.0', [1, 4, 0], SECRET), gifExtension(0xfe, SECRET, SECRET), gifExtension(0xf9, [0, 0, 0, 0]), gifExtension(0x01, Buffer.alloc(12), SECRET), gifExtension(0xce, SECRET));
  fs.writeFileSync(at('trailing.gif'), Buffer.concat([all, Buffer.from(SECRET)]));
  return [...names, 'trailing.gif'];
}

function makeHeics(folder, at) {
  run('heif-enc', '-q', '60', '-t', '64', at('baseline.jpg'), '-o', at('photo.heic'));
  run('heif-enc', '-A', '-q', '60', at('baseline.jpg'), '-o', at('photo.avif'));
  const names = ['photo.heic', 'photo.avif'];
  exiftool(...PICTURE_TAGS, ...names.map(at));
  fs.writeFileSync(at('trailing.heic'), Buffer.concat([fs.readFileSync(at('photo.heic')), box('uuid', SECRET, SECRET), box('mpvd', SECRET), Buffer.from(SECRET)]));
  return [...names, 'trailing.heic'];
}

function makeVideos(folder, at) {
  const ffmpeg = (...words) => run('ffmpeg', '-v', 'error', '-y', ...words);
  const picture = ['-f', 'lavfi', '-i', 'testsrc=size=96x64:rate=10:duration=2'], sound = ['-f', 'lavfi', '-i', 'sine=duration=2'];
  const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'], aac = ['-c:a', 'aac'];
  const words = ['-metadata', `title=${SECRET}`, '-metadata', `comment=${SECRET}`, '-metadata', 'location=+50.4500+030.5200/', '-metadata', 'creation_time=2024-05-06T07:08:09Z',
    '-metadata:s:v', `handler_name=${SECRET}`, '-metadata:s:a', `handler_name=${SECRET}`, '-metadata:s:a', 'language=ara'];
  ffmpeg(...picture, ...sound, ...h264, ...aac, ...words, at('plain.mp4'));
  ffmpeg(...picture, ...sound, ...h264, ...aac, ...words, '-movflags', '+faststart', at('front.mp4'));
  ffmpeg(...picture, ...sound, ...h264, ...aac, ...words, '-movflags', 'frag_keyframe+empty_moov', at('fragments.mp4'));
  ffmpeg(...picture, ...sound, ...h264, '-c:a', 'pcm_s16le', ...words, '-timecode', '11:22:33:00', '-movflags', 'use_metadata_tags', '-metadata', `com.apple.quicktime.make=${SECRET}`, at('timecode.mov'));
  ffmpeg(...picture, ...sound, '-c:v', 'mpeg4', '-c:a', 'aac', ...words, at('old.3gp'));
  ffmpeg(...sound, ...aac, ...words, at('voice.m4a'));
  ffmpeg(...picture, '-c:v', 'mjpeg', '-q:v', '5', ...words, at('silent.mov'));
  // Subtitles, as drones write where they fly; chapters; a camera's telemetry.
  fs.writeFileSync(at('track.srt'), `1\n00:00:00,000 --> 00:00:01,000\n${SECRET} GPS(50.45,30.52)\n\n2\n00:00:01,000 --> 00:00:02,000\n${SECRET}\n`);
  ffmpeg('-i', at('plain.mp4'), '-i', at('track.srt'), '-map', '0', '-map', '1', '-c', 'copy', '-c:s', 'mov_text', at('drone.mp4'));
  fs.writeFileSync(at('chapters.txt'), `;FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=${SECRET}\n`);
  ffmpeg('-i', at('plain.mp4'), '-i', at('chapters.txt'), '-map', '0', '-map_metadata', '1', '-c', 'copy', at('chapters.mp4'));
  const names = ['plain.mp4', 'front.mp4', 'timecode.mov', 'old.3gp', 'voice.m4a', 'silent.mov', 'drone.mp4', 'chapters.mp4', 'fragments.mp4'];
  exiftool('-api', 'QuickTimeUTC=0', ...VIDEO_TAGS, ...names.filter((name) => name !== 'fragments.mp4').map(at));
  const whole = fs.readFileSync(at('plain.mp4'));
  fs.writeFileSync(at('boxes.mp4'), Buffer.concat([whole, box('free', SECRET), box('skip', SECRET), box('uuid', SECRET, SECRET), box('sefd', SECRET), Buffer.from(`${SECRET} behind`)]));
  // What a camera leaves between its samples: media data that no track speaks of.
  const large = Buffer.concat([u32(1), Buffer.from('mdat'), u32(0), u32(16 + SECRET.length), Buffer.from(SECRET)]);
  fs.writeFileSync(at('unused.mp4'), Buffer.concat([whole, box('mdat', SECRET, Buffer.alloc(100000), SECRET), large]));
  return [...names, 'boxes.mp4', 'unused.mp4'];
}

// The corpus in a folder: { jpeg: [file names], png, webp, gif, heic, video }.
export function makeCorpus(folder) {
  const at = (name) => path.join(folder, name);
  run('convert', '-size', '160x120', '-seed', '7', 'plasma:fractal', '-strip', at('base.png'));
  return {
    jpeg: makeJpegs(folder, at), png: makePngs(folder, at), webp: makeWebps(folder, at), gif: makeGifs(folder, at), heic: makeHeics(folder, at), video: makeVideos(folder, at),
  };
}
