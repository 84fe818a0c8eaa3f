// SPDX-License-Identifier: AGPL-3.0-or-later
//
// After clean(), ExifTool finds nothing but how pixels are stored and which way is up, no text that was put in is anywhere in
// the file, and what the picture, video or sound decodes to is the same to the bit.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';

import { check, count, same, sameBytes, summary, test, tier } from '../../support/checks.mjs';
import { SECRET, canonExif, exiftool, makeCorpus, run } from './corpus.mjs';
import { script } from './modules.mjs';

const { clean } = await script('photo/clean.mjs');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'amana-photo-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true }));
const [originals, copies] = ['originals', 'copies'].map((name) => path.join(folder, name));
for (const each of [originals, copies]) fs.mkdirSync(each);
const corpus = makeCorpus(originals);
const names = Object.values(corpus).flat();
const pictures = [...corpus.jpeg, ...corpus.png, ...corpus.webp, ...corpus.gif];
const results = new Map();

const cleanFile = async (from) => clean(await fs.openAsBlob(from));
const bytesOf = async (blob) => Buffer.from(await blob.arrayBuffer());

// What ExifTool says of each file, by its name: ['Group Tag value'].
function metadata(files) {
  const out = execFileSync('exiftool', ['-config', '', '-a', '-G1', '-s', '-ee', '-u', '-n', '-api', 'LargeFileSupport=1', ...files], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const found = new Map();
  for (const section of out.split(/^======== /m).slice(1)) {
    const [file, ...lines] = section.split('\n');
    found.set(path.basename(file), lines.map((line) => /^\[(.+?)\]\s+(\S+)\s*: ?(.*)$/.exec(line)).filter(Boolean).map(([, group, tag, value]) => [group, tag, value]));
  }
  return found;
}

// How pixels and samples are stored; nothing in it speaks of a person, a place, a time or a device.
const STRUCTURE = {
  System: /./, ExifTool: /^ExifToolVersion$/, Composite: /^(ImageSize|Megapixels|AvgBitrate|Rotation|Duration)$/,
  File: /^(FileType|FileTypeExtension|MIMEType|ExifByteOrder|Image(Width|Height)|EncodingProcess|BitsPerSample|ColorComponents|YCbCrSubSampling)$/,
  JFIF: /^(JFIFVersion|ResolutionUnit|[XY]Resolution)$/, Adobe: /^(DCTEncodeVersion|APP14Flags[01]|ColorTransform)$/, IFD0: /^Orientation$/,
  'ICC-header': /./, ICC_Profile: /^(Profile(Description|Copyright)|MediaWhitePoint|(Red|Green|Blue)(MatrixColumn|TRC))$/,
  PNG: /^(Image(Width|Height)|BitDepth|ColorType|Compression|Filter|Interlace|Gamma|WhitePoint[XY]|(Red|Green|Blue)[XY]|BackgroundColor|Palette|Transparency|ProfileName|SignificantBits|SRGBRendering|Animation(Frames|Plays))$/,
  RIFF: /^(WebP_Flags|Image(Width|Height)|VP8Version|(Horizontal|Vertical)Scale|AlphaIsUsed|Alpha(Preprocessing|Filtering|Compression)|BackgroundColor|AnimationLoopCount|Duration)$/,
  GIF: /^(GIFVersion|Image(Width|Height)|HasColorMap|ColorResolutionDepth|BitsPerPixel|BackgroundColor|AnimationIterations|FrameCount|Duration)$/,
  Meta: /^(PrimaryItemReference|MetaImageSize)$/,
  QuickTime: new RegExp('^(MajorBrand|MinorVersion|CompatibleBrands|HandlerType|(HEVC|AV1)Configuration(Version)?|Gen.*|Constraint.*|Min.*|ParallelismType|Chroma.*|BitDepth(Luma|Chroma)|' +
    'AverageFrameRate|ConstantFrameRate|NumTemporalLayers|TemporalIDNested|ImageSpatialExtent|ImagePixelDepth|ImageWidth|ImageHeight|MediaData(Size|Offset)?|Movie(HeaderVersion|FragmentSequence)|' +
    '(Create|Modify)Date|TimeScale|Duration|Preferred(Rate|Volume)|MatrixStructure|(Preview|Poster|Selection|Current)(Time|Duration)|NextTrackID|Free|Skip|Wide|Unknown_(free|skip|mvex|mfra|traf|tfhd|tfdt|trun|wide)|' +
    'HighBitDepth|TwelveBit|InitialDelaySamples|AV1.*|Seq.*)$'),
  Track: new RegExp('^(Track(HeaderVersion|CreateDate|ModifyDate|ID|Duration|Layer|Volume)|MatrixStructure|Image(Width|Height)|Unknown_(edts|esds|btrt|free|tapt|chan|wave|cslg|fiel|d263|avcC)|' +
    'Media(HeaderVersion|CreateDate|ModifyDate|TimeScale|Duration|LanguageCode)|Handler(Class|Type)|GraphicsMode|OpColor|CompressorID|SourceImage(Width|Height)|[XY]Resolution|BitDepth|' +
    'AVCConfiguration|PixelAspectRatio|BufferSize|(Max|Average)Bitrate|VideoFrameRate|VideoFieldOrder|SyncSampleTable|SampleToChunk|SampleSizes|ChunkOffset|TimeToSampleTable|CompositionTimeToSample|' +
    'SampleGroupDescription|SampleToGroup|Balance|Audio(Format|Channels|BitsPerSample|SampleRate)|LayoutFlags|AudioChannelLayout|AudioChannel.*|PurchaseFileFormat|ColorProfiles|ColorPrimaries|Transfer.*|MatrixCoefficients|VideoFullRangeFlag|EditListTable|IndependentAndDisposableSamples)$'),
};
const DATE = /Date$|DateTime$/;
// Tags that must be there and say nothing.
const SAYS_NOTHING = { MediaLanguageCode: /^und$/ };
for (const tag of ['DeviceManufacturer', 'DeviceModel', 'ProfileCreator', 'ProfileID', 'PrimaryPlatform', 'ProfileCMMType', 'ProfileDescription', 'ProfileCopyright']) SAYS_NOTHING[tag] = /^[0 \0]*$/;
const isStructure = ([group, tag, value]) =>
  STRUCTURE[group.replace(/^Track\d+$/, 'Track')]?.test(tag) && (!DATE.test(tag) || group === 'System' || /^(0000:00:00 00:00:00|)$/.test(value)) &&
  (!SAYS_NOTHING[tag] || SAYS_NOTHING[tag].test(value));

// Stands for what a file shows or plays.
function shown(file) {
  const name = path.basename(file);
  if (pictures.includes(name)) return run('identify', '-format', '%# %wx%h%X%Y %T %D\n', file);
  if (corpus.heic.includes(name)) {
    const png = path.join(folder, 'decoded.png');
    run('heif-convert', file, png);
    return run('identify', '-format', '%# %wx%h\n', png);
  }
  return run('ffmpeg', '-v', 'error', '-i', file, '-map', '0:v?', '-map', '0:a?', '-f', 'framemd5', '-').split('\n').filter((line) => !line.startsWith('#software')).join('\n');
}

// A text in the encodings that these formats have.
const spellings = ['utf8', 'utf16le'].map((encoding) => Buffer.from(SECRET, encoding)).flatMap((text) => (text.length > SECRET.length ? [text, Buffer.from(text).swap16()] : [text]));
const holdsSecret = (bytes) => spellings.some((text) => bytes.includes(text));

await test('every file is cleaned, and only what was in it is said', async () => {
  for (const name of names) {
    const result = await cleanFile(path.join(originals, name));
    check(result.blob, `${name}: ${result.failure} ${result.detail}`);
    fs.writeFileSync(path.join(copies, name), await bytesOf(result.blob));
    results.set(name, result);
    count('files');
  }
  const said = (name) => [results.get(name).removed.join(' '), results.get(name).kept.join(' ')];
  same(said('multi.jpg'), ['exif iptc location other preview text trailing xmp', 'orientation profile'], 'multi.jpg');
  same(said('trailing.png'), ['exif location other text times trailing xmp', 'orientation profile'], 'trailing.png');
  same(said('trailing.gif'), ['other profile text trailing xmp', ''], 'trailing.gif');
  same(said('trailing.webp'), ['exif location other trailing xmp', 'orientation'], 'trailing.webp');
  same(said('plain.webp'), ['', ''], 'plain.webp');
  same(said('drone.mp4'), ['other text times track', ''], 'drone.mp4');
  same(said('trailing.heic'), ['exif other preview trailing xmp', ''], 'trailing.heic');
});

await test('the corpus holds what is to be found', () => {
  const before = metadata(names.map((name) => path.join(originals, name)));
  const groups = (name) => new Set(before.get(name).map(([group]) => group));
  for (const group of ['ExifIFD', 'GPS', 'IFD1', 'InteropIFD', 'IPTC', 'Ducky', 'JFXX', 'MPF0', 'ICC_Profile', 'XMP-dc', 'XMP-exif']) check(groups('multi.jpg').has(group), `multi.jpg: ${group}`);
  check(groups('canon.jpg').has('Canon'), 'maker notes');
  for (const group of ['Keys', 'ItemList', 'UserData', 'XMP-dc', 'Track3']) check(groups('drone.mp4').has(group), `drone.mp4: ${group}`);
  for (const name of names) if (name !== 'plain.webp') check(before.get(name).some((tag) => !isStructure(tag)), `${name} has nothing to remove`);
  for (const name of names) if (name !== 'plain.webp') check(holdsSecret(fs.readFileSync(path.join(originals, name))), `${name} has no secret`);
});

await test('ExifTool finds nothing but structure', () => {
  const after = metadata(names.map((name) => path.join(copies, name)));
  for (const name of names) {
    const left = after.get(name).filter((tag) => !isStructure(tag)).map((tag) => tag.join(' '));
    same(left, [], name);
    const density = after.get(name).filter(([group, tag]) => group === 'JFIF' && /^[XY]Resolution$/.test(tag)).map(([, , value]) => value).join(' ');
    check(['', name === 'grey.jpg' ? '2 1' : '1 1'].includes(density), `${name}: a density of ${density}`);
    count('tags looked at', after.get(name).length);
  }
  // How often an animation is played is no pixel, and is kept all the same.
  const animated = names.filter((name) => name.startsWith('animated')), before = metadata(animated.map((name) => path.join(originals, name)));
  const plays = (tags) => tags.filter(([, tag]) => /^Animation(Iterations|LoopCount|Plays)$/.test(tag)).map(([, , value]) => value);
  for (const name of animated) same([plays(after.get(name)), plays(after.get(name)).length], [plays(before.get(name)), 1], `${name}: how often it plays`);
});

await test('no text is left anywhere', () => {
  for (const name of names) check(!holdsSecret(fs.readFileSync(path.join(copies, name))), name);
});

await test('chunks have their checksums, boxes and RIFF chunks their lengths', () => {
  for (const name of corpus.png) {
    const png = fs.readFileSync(path.join(copies, name));
    for (let at = 8; at < png.length;) {
      const end = at + 8 + png.readUInt32BE(at);
      same(crc32(png.subarray(at + 4, end)), png.readUInt32BE(end), `${name}: ${png.toString('latin1', at + 4, at + 8)}`);
      at = end + 4;
    }
  }
  for (const name of corpus.webp) {
    const webp = fs.readFileSync(path.join(copies, name));
    same(webp.readUInt32LE(4) + 8, webp.length, `${name}: length`);
    const flags = webp.toString('latin1', 12, 16) === 'VP8X' ? webp[20] & 0x2c : 0;
    same(flags, (webp.includes('ICCP') ? 0x20 : 0) | (webp.includes('EXIF') ? 8 : 0) | (webp.includes('XMP ') ? 4 : 0), `${name}: what its header promises`);
  }
  for (const name of [...corpus.heic, ...corpus.video]) {
    const file = fs.readFileSync(path.join(copies, name));
    let at = 0;
    while (at < file.length) at += file.readUInt32BE(at) === 1 ? Number(file.readBigUInt64BE(at + 8)) : file.readUInt32BE(at);
    same(at, file.length, `${name}: the last box`);
  }
});

await test('what is shown and played is the same to the bit', () => {
  for (const name of names) same(shown(path.join(copies, name)), shown(path.join(originals, name)), name);
});

await test('a picture stays the way up that it was', async () => {
  const kinds = tier(['baseline.jpg', 'palette.png', 'lossy.webp'], ['baseline.jpg', 'progressive.jpg', 'palette.png', 'animated.png', 'lossy.webp', 'animated.webp']);
  const files = kinds.map((kind) => path.join(folder, kind));
  for (const way of tier([1, 6, 8], [1, 2, 3, 4, 5, 6, 7, 8])) {
    kinds.forEach((kind, i) => fs.copyFileSync(path.join(originals, kind), files[i]));
    exiftool(`-IFD0:Orientation#=${way}`, ...files);
    for (const file of files) fs.writeFileSync(file, await bytesOf((await cleanFile(file)).blob));
    const found = run('exiftool', '-n', '-f', '-p', '$IFD0:Orientation', '-q', ...files).trim().split('\n');
    same(found, kinds.map(() => (way === 1 ? '-' : String(way))), `orientation ${way}`);
  }
  // In little-endian Exif, and where it is no number from 1 to 8.
  const { readExif, writeExif } = await script('photo/exif.mjs');
  const little = Buffer.from('49492a0008000000010012010300010000000600000000000000', 'hex');
  same(readExif(little).orientation, 6, 'little-endian');
  for (const bad of [0, 9, 6 << 8]) same(readExif(canonExif(bad)).orientation, 1, `orientation ${bad}`);
  for (let length = 0; length < 26; ++length) readExif(little.subarray(0, length));
  for (let way = 2; way <= 8; ++way) same(readExif(writeExif(way)), { orientation: way, location: false }, 'our own');
});

await test('a profile gives the same colours as before', () => {
  const other = path.join(originals, 'v4.icc');
  for (const name of names.filter((each) => results.get(each).kept.includes('profile'))) {
    const colours = (file) => execFileSync('convert', ['-quiet', file, '-profile', other, '-depth', '16', 'rgb:-'], { maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] });
    sameBytes(colours(path.join(copies, name)), colours(path.join(originals, name)), name);
    count('profiles');
  }
});

await test('what is clean stays as it is', async () => {
  for (const name of names) {
    const again = await cleanFile(path.join(copies, name));
    same(again.removed, [], name);
    sameBytes(await bytesOf(again.blob), fs.readFileSync(path.join(copies, name)), name);
  }
});

await test('what is no file of these, or is cut off, is not called clean', async () => {
  const failure = async (bytes) => (await clean(new Blob([bytes]))).failure;
  for (const bytes of ['', 'x', 'plain text that is long enough', Buffer.alloc(100), '%PDF-1.7 and more', 'OggS and more of it', 'II*\0 and a TIFF file']) same(await failure(bytes), 'unknown', String(bytes));
  for (const name of names) {
    const whole = fs.readFileSync(path.join(copies, name));
    for (const length of [16, 100, whole.length - 1]) {
      // Behind the last box of media, what is cut off is a rest that is left out.
      const { failure: reason, removed } = await clean(new Blob([whole.subarray(0, length)]));
      check(reason || removed.includes('trailing'), `${name}, ${length} bytes`);
    }
  }
  const gone = { size: 100, type: '', slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) };
  same((await clean(gone)).failure, 'unreadable', 'a file that is gone');
  const png = fs.readFileSync(path.join(copies, 'palette.png'));
  const critical = Buffer.concat([png.subarray(0, 33), Buffer.from([0, 0, 0, 0, 67, 103, 66, 73, 0, 0, 0, 0]), png.subarray(33)]);
  same(await failure(critical), 'unsupported', 'a critical chunk that is not known');
  const mov = fs.readFileSync(path.join(copies, 'silent.mov')), alias = mov.indexOf('dref') + 4 + 8 + 11;
  mov[alias] = 0;
  same(await failure(mov), 'unsupported', 'media in another file');
});

await test('a large file is never read whole', async () => {
  const video = fs.readFileSync(path.join(originals, 'unused.mp4')), empty = new Blob([Buffer.alloc(16 << 20)]);
  const head = Buffer.from('000000016d64617400000000', 'hex'), length = Buffer.alloc(4);
  length.writeUInt32BE(16 + (256 << 20));
  let read = 0, most = 0;
  const big = new Blob([video, head, length, ...Array(16).fill(empty)]);
  const watched = { size: big.size, type: 'video/mp4', slice: (from, to) => {
    const part = big.slice(from, to), { arrayBuffer } = part;
    part.arrayBuffer = () => { read += part.size; most = Math.max(most, part.size); return arrayBuffer.call(part); };
    return part;
  } };
  const { blob } = await clean(watched);
  same(blob.size, big.size, 'size');
  check(most <= 1 << 16 && read < 1 << 20, `${read} bytes, ${most} at once`);
});

summary('web_script_photo');
