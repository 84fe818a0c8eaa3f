// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Tells two kinds of visits apart by numbers: logistic regression over the twelve that say most, each on one scale. Learns
// from the first half of the samples and is judged on the second.
//
//   attack([{ numbers: { name: value }, label: true }])  →  { right, of, share, lower, upper, leansOn: [names] }

const KEPT = 12, STEPS = 600, RATE = 0.5, DECAY = 1e-3, TAIL = 0.025;

const mean = (list) => list.reduce((sum, x) => sum + x, 0) / Math.max(list.length, 1);

export function attack(samples) {
  const half = samples.length >> 1;
  const learned = learn(samples.slice(0, half));
  const judged = samples.slice(half);
  const right = judged.filter(({ numbers, label }) => learned.says(numbers) === label).length;
  return { right, of: judged.length, share: right / judged.length, ...interval(right, judged.length), leansOn: learned.names.slice(0, 3) };
}

function learn(samples) {
  const all = Array.from(new Set(samples.flatMap(({ numbers }) => Object.keys(numbers))));
  const target = samples.map(({ label }) => (label ? 1 : 0));
  const scaled = all.map((name) => {
    const values = samples.map(({ numbers }) => numbers[name] ?? 0), middle = mean(values);
    const width = Math.sqrt(mean(values.map((x) => (x - middle) ** 2)));
    const of = (numbers) => (width > 0 ? ((numbers[name] ?? 0) - middle) / width : 0);
    const says = Math.abs(mean(samples.map(({ numbers }, i) => of(numbers) * (target[i] - mean(target)))));
    return { name, of, says };
  }).sort((a, b) => b.says - a.says).slice(0, KEPT);
  const rows = samples.map(({ numbers }) => [1, ...scaled.map(({ of }) => of(numbers))]);
  const weights = new Array(scaled.length + 1).fill(0);
  const probability = (row) => 1 / (1 + Math.exp(-row.reduce((sum, x, i) => sum + x * weights[i], 0)));
  for (let step = 0; step < STEPS; step += 1) {
    const errors = rows.map((row, i) => probability(row) - target[i]);
    for (let i = 0; i < weights.length; i += 1)
      weights[i] -= RATE * (mean(rows.map((row, k) => errors[k] * row[i])) + DECAY * weights[i]);
  }
  return {
    says: (numbers) => probability([1, ...scaled.map(({ of }) => of(numbers))]) > 0.5,
    names: scaled.map(({ name }, i) => [name, Math.abs(weights[i + 1])]).sort((a, b) => b[1] - a[1]).map(([name]) => name),
  };
}

// Exact and two-sided at 95 % (Clopper and Pearson), by bisection of the binomial distribution.
export function interval(right, of) {
  const logs = [0];
  for (let i = 1; i <= of; i += 1) logs[i] = logs[i - 1] + Math.log(i);
  const atMost = (k, p) => {
    let sum = 0;
    for (let i = 0; i <= k; i += 1) sum += Math.exp(logs[of] - logs[i] - logs[of - i] + i * Math.log(p) + (of - i) * Math.log1p(-p));
    return sum;
  };
  const solve = (falls) => {
    let low = 1e-12, high = 1 - 1e-12;
    for (let i = 0; i < 60; i += 1) {
      const middle = (low + high) / 2;
      if (falls(middle)) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  return {
    lower: right === 0 ? 0 : solve((p) => 1 - atMost(right - 1, p) < TAIL),
    upper: right === of ? 1 : solve((p) => atMost(right, p) > TAIL),
  };
}
