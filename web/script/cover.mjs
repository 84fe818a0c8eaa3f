// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The moments at which bodies go out while the form is open (docs/SEALING.md, section 5). A held report takes the next one.

const LONGEST = 4;  // times the mean

/** A number above 0, at most 1, in steps of 2^-52, that nobody can guess. */
function uniform(random) {
  const view = new DataView(random(8).buffer);
  return ((view.getUint32(0) & 0xfffff) * 2 ** 32 + view.getUint32(4) + 1) / 2 ** 52;
}

/** Seconds until the next moment. `random(length)` gives bytes in a buffer of their own. */
export function drawDistance(mean, random) {
  for (;;) {
    const drawn = -mean * Math.log(uniform(random));
    if (drawn <= LONGEST * mean) return drawn;
  }
}
