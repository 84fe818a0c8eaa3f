// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Whether two samples of times differ: an interval for the difference of their medians, without a word of how they are distributed.

/** The middle of a list. */
export function median(times) {
  const sorted = Float64Array.from(times).sort();
  return sorted.length % 2 ? sorted[(sorted.length - 1) / 2] : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}

// Order statistics around the median between which it lies with this many standard deviations of certainty (binomial, by its normal form).
function around(times, deviations) {
  const sorted = Float64Array.from(times).sort();
  const half = (deviations * Math.sqrt(sorted.length)) / 2;
  const at = (place) => sorted[Math.min(sorted.length - 1, Math.max(0, place))];
  return { middle: median(times), low: at(Math.floor(sorted.length / 2 - half)), high: at(Math.ceil(sorted.length / 2 + half)) };
}

/**
 * { difference, low, high }: of the median of `one` less that of `other`, with an interval of about 99.9 % (3.3 standard deviations): the widths of
 * both medians' own intervals, added as variances are.
 */
export function differenceOfMedians(one, other, deviations = 3.3) {
  const a = around(one, deviations), b = around(other, deviations);
  const difference = a.middle - b.middle;
  return {
    difference,
    low: difference - Math.hypot(a.middle - a.low, b.high - b.middle),
    high: difference + Math.hypot(a.high - a.middle, b.middle - b.low),
  };
}
