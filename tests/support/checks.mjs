// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What a test script checks with, and how it waits. test() runs in order, prints a line and goes on after a failure; the
// script's exit code tells, and summary() prints the counts.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

// AMANA_TIER=full takes the counts the project answers for.
export const full = process.env.AMANA_TIER === 'full';
export const tier = (ci, atFull) => (full ? atFull : ci);

let checks = 0;
let failures = 0;
const counts = new Map();
const began = Date.now();

export function check(holds, what) {
  checks += 1;
  assert.ok(holds, what);
}

export function same(actual, expected, what) {
  checks += 1;
  assert.deepStrictEqual(actual, expected, what);
}

// For bytes: says where they differ, and prints none of them.
export function sameBytes(actual, expected, what) {
  checks += 1;
  assert.equal(actual.length, expected.length, `${what}: length`);
  if (Buffer.compare(actual, expected) === 0) return;
  assert.fail(`${what}: differs from byte ${actual.findIndex((byte, i) => byte !== expected[i])} on`);
}

export function count(what, by = 1) {
  counts.set(what, (counts.get(what) ?? 0) + by);
}

// Resolves to whether it passed.
export async function test(name, body) {
  const start = Date.now();
  const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  try {
    await body();
    console.log(`ok      ${name} (${seconds()})`);
    return true;
  } catch (error) {
    failures += 1;
    process.exitCode = 1;
    console.log(`FAILED  ${name} (${seconds()})\n${error.stack ?? error}`);
    return false;
  }
}

export function summary(name) {
  const counted = [...counts].map(([what, n]) => `${n} ${what}`);
  const time = `${((Date.now() - began) / 1000).toFixed(0)} s`;
  console.log([`${name}: ${checks} checks`, ...counted, `${failures} failed`, time].join(', '));
}

export async function until(what, condition, { seconds = 20, every = 0.05 } = {}) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await sleep(every * 1000);
  }
}

export async function within(seconds, what, promise) {
  const timer = new AbortController();
  const late = sleep(seconds * 1000, undefined, { signal: timer.signal }).then(
    () => { throw new Error(`not within ${seconds} s: ${what}`); },
    () => {},
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
