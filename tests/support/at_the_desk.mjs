// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What was thanked for, looked for at the desk.

import { check, same } from './checks.mjs';

/** Imports the bundle: every envelope opens, each of the stories is there once, and nothing else, or at least so many others. */
export async function allAreAtTheDesk(desk, bundle, stories, others = 0) {
  await desk.import(bundle);
  const { reports, unopened } = await desk.list();
  same(unopened, {}, 'envelopes that did not open');
  const beginnings = reports.map(({ beginning }) => beginning);
  for (const story of stories)
    same(beginnings.filter((beginning) => story.startsWith(beginning)).length, 1, `opened: ${story.slice(0, 40)}`);
  if (others === 0) same(reports.length, stories.length, 'reports at the desk');
  else check(reports.length >= stories.length + others, `${reports.length} reports at the desk, ${stories.length + others} accepted`);
}
